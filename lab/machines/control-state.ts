import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { LabPlan } from "../plan.ts";
import { processesOf } from "../processes.ts";

/** Where the lab's tailnet keeps its state. */
export function controlDir(plan: LabPlan): string {
  return join(plan.dir, "tailnet");
}

/**
 * Stops the clocks of the programs that have files of the tailnet's state open, so that a copy of it is of one
 * instant (SQLite survives that as it survives a power cut). The function that comes back lets them go on.
 */
export async function freezeControl(plan: LabPlan): Promise<() => Promise<void>> {
  const holders: number[] = [];
  for (const pid of await processesOf(plan)) {
    if (await hasOpen(pid, controlDir(plan))) holders.push(pid);
  }
  for (const pid of holders) process.kill(pid, "SIGSTOP");
  return async () => {
    for (const pid of holders) process.kill(pid, "SIGCONT");
  };
}

async function hasOpen(pid: number, dir: string): Promise<boolean> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const files = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return files.some((file) => file.startsWith(`${dir}/`));
}
