import { rename } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { markOf } from "../processes.ts";
import { holderPid } from "./machine.ts";

/** Copies what a sparse file really holds, beside the target first. */
export async function copyDisk(plan: LabPlan, from: string, to: string): Promise<void> {
  await runOk(["cp", "--sparse=always", "--reflink=auto", from, `${to}.new`], {
    timeoutMs: 300_000,
    env: markOf(plan),
  });
  await rename(`${to}.new`, to);
}

/** Flushes a host's file system and holds its writes back; the function that comes back lets them go on. */
export async function freezeDisk(plan: LabPlan, host: HostPlan): Promise<() => Promise<void>> {
  const holder = await holderPid(plan, host);
  if (holder === undefined) return async () => undefined;
  const inside = ["nsenter", `--target=${holder}`, "--mount", "--", "fsfreeze"] as const;
  const disk = join(host.dir, "disk");
  await runOk([...inside, "--freeze", disk], { timeoutMs: 20_000 });
  return async () => {
    await runOk([...inside, "--unfreeze", disk], { timeoutMs: 20_000 });
  };
}
