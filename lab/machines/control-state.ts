import { existsSync } from "node:fs";
import { cp, readdir, readlink, rm } from "node:fs/promises";
import type { LabPlan } from "../plan.ts";
import { processesOf } from "../processes.ts";
import { startControl, stopControl } from "../tailnet/control.ts";
import { tailnetDir } from "../tailnet/internet.ts";

/**
 * Stops the clocks of the programs that have files of the tailnet's state open, so that a copy of it is of one
 * instant (SQLite survives that as it survives a power cut). The function that comes back lets them go on.
 */
export async function freezeControl(plan: LabPlan): Promise<() => Promise<void>> {
  const holders: number[] = [];
  for (const pid of await processesOf(plan)) {
    if (await hasOpen(pid, tailnetDir(plan))) holders.push(pid);
  }
  for (const pid of holders) process.kill(pid, "SIGSTOP");
  return async () => {
    for (const pid of holders) process.kill(pid, "SIGCONT");
  };
}

/** Copies what the control server remembers; nothing when the lab has none. */
export async function copyControlState(plan: LabPlan, to: string): Promise<void> {
  if (existsSync(tailnetDir(plan))) await cp(tailnetDir(plan), to, { recursive: true });
}

/** Puts the control server back to a copy. */
export async function restoreControlState(plan: LabPlan, from: string): Promise<void> {
  if (plan.scenario.tailnet === "none" || !existsSync(from)) return;
  await stopControl(plan);
  await rm(tailnetDir(plan), { recursive: true, force: true });
  await cp(from, tailnetDir(plan), { recursive: true });
  await startControl(plan);
}

async function hasOpen(pid: number, dir: string): Promise<boolean> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const files = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return files.some((file) => file.startsWith(`${dir}/`));
}
