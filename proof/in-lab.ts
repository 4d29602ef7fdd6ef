import { takeDown } from "../lab/down.ts";
import { type LabPlan, planLab } from "../lab/plan.ts";
import type { Scenario } from "../lab/scenario.ts";
import { labUp } from "../lab/up.ts";

/** Makes a lab anew, and takes it away whatever comes of the work in it. */
export async function inLab<Result>(
  name: string,
  scenario: Scenario,
  work: (plan: LabPlan) => Promise<Result>,
): Promise<Result> {
  await takeDown(planLab(name, scenario));
  const plan = await labUp(name, scenario);
  try {
    return await work(plan);
  } finally {
    await takeDown(plan);
  }
}
