import { readdir, rm } from "node:fs/promises";
import { runOk } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { killEverything } from "../processes.ts";
import { NAMESPACE_DIR, namespacePrefix, runDir } from "./namespaces.ts";

/**
 * Takes the networks of a lab away, with all that still runs in them: a process that outlives the name of
 * its namespace would never be found again. Goes by names alone, so that it also works after a kill and
 * half way; does nothing when nothing is there.
 */
export async function destroyFabric(plan: Pick<LabPlan, "id">): Promise<void> {
  const names = await existingNamespaces(plan);
  if (names.length > 0) {
    await killEverything(plan);
    const input = `${names.map((name) => `netns delete ${name}`).join("\n")}\n`;
    await runOk(["ip", "-force", "-batch", "-"], { input });
  }
  await rm(runDir(plan), { recursive: true, force: true });
}

/** The network namespaces of a lab that are there, also half made ones. */
export async function existingNamespaces(plan: Pick<LabPlan, "id">): Promise<string[]> {
  const names = await readdir(NAMESPACE_DIR).catch(() => []);
  return names.filter((name) => name.startsWith(namespacePrefix(plan)));
}
