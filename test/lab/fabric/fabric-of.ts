import { rm } from "node:fs/promises";
import { createFabric } from "../../../lab/fabric/create.ts";
import { destroyFabric } from "../../../lab/fabric/destroy.ts";
import { startRelay, stopRelay } from "../../../lab/fabric/relay-control.ts";
import { type LabPlan, planLab } from "../../../lab/plan.ts";
import { type ScenarioInput, scenario } from "../../../lab/scenario.ts";

/** The plan of a lab without machines: networks are all that these tests look at. */
export function planOf(name: string, places: Pick<ScenarioInput, "sites" | "hosts" | "links">): LabPlan {
  const input: ScenarioInput = { name, summary: "networks only", tailnet: "none", ...places };
  return planLab(`test-fabric-${name}`, scenario.parse(input));
}

/** Makes networks and relay; what an interrupted run left is taken away first. */
export async function start(plan: LabPlan): Promise<void> {
  await remove(plan);
  await createFabric(plan);
  await startRelay(plan);
}

export async function remove(plan: LabPlan): Promise<void> {
  await stopRelay(plan);
  await destroyFabric(plan);
  await rm(plan.dir, { recursive: true, force: true });
}

export function host(name: string, site: string): ScenarioInput["hosts"][number] {
  return { name, site, release: "pve9" };
}
