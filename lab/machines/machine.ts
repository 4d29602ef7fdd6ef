import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostPlan, LabPlan } from "../plan.ts";
import { daemonPid } from "../processes.ts";

/** The process id of a host's systemd, as this machine sees it; undefined while the host is off or has just begun to boot. */
export async function runningInit(plan: LabPlan, host: HostPlan): Promise<number | undefined> {
  const nspawn = await nspawnPid(plan, host);
  if (nspawn === undefined) return undefined;
  const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, "utf8").catch(() => "");
  for (const pid of children.split(" ").map(Number)) {
    if (pid > 0 && (await isInit(pid))) return pid;
  }
  return undefined;
}

/** Whether a host is on: its systemd runs, or its container is being made. */
export async function isRunning(plan: LabPlan, host: HostPlan): Promise<boolean> {
  return (await nspawnPid(plan, host)) !== undefined;
}

/** The systemd-nspawn process that holds a host; it lives in the mount namespace of the host's disk. */
export function nspawnPid(plan: LabPlan, host: HostPlan): Promise<number | undefined> {
  return daemonPid(plan, consoleName(host));
}

/** Name of a host's nspawn among the lab's daemons: its log is the host's console. */
export function consoleName(host: HostPlan): string {
  return `${host.name}-console`;
}

/** A host's ext4 disk: a sparse file. */
export function diskImage(host: HostPlan): string {
  return join(host.dir, "disk.img");
}

/** First process of a process id namespace of its own, and systemd already (not nspawn on its way there). */
async function isInit(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^Name:\tsystemd$/m.test(status) && /^NSpid:\t\d+\t1$/m.test(status);
}
