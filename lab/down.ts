import { rm } from "node:fs/promises";
import { destroyFabric } from "./fabric/destroy.ts";
import { destroyMachines } from "./machines/destroy.ts";
import type { LabPlan } from "./plan.ts";
import { killEverything } from "./processes.ts";

/**
 * Takes a lab away: processes, mounts, namespaces, files. Looks at what is there and not at what was
 * written down, so that it also works after the lab was killed half way. Idempotent.
 */
export async function takeDown(plan: LabPlan): Promise<void> {
  await killEverything(plan);
  await destroyMachines(plan);
  await destroyFabric(plan);
  await rm(plan.dir, { recursive: true, force: true });
}
