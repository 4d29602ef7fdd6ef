import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostPlan, LabPlan } from "../plan.ts";
import { daemonPid } from "../processes.ts";

/** The process id of a host's systemd, as this machine sees it; undefined while the host is off or has just begun to boot. */
export async function runningInit(plan: LabPlan, host: HostPlan): Promise<number | undefined> {
  const holder = await holderPid(plan, host);
  const containers = holder === undefined ? [] : await childrenOf(holder);
  for (const pid of (await Promise.all(containers.map(childrenOf))).flat()) {
    if (await isInit(pid)) return pid;
  }
  return undefined;
}

/** Whether a host is on: its systemd runs, or its container is being made. */
export async function isRunning(plan: LabPlan, host: HostPlan): Promise<boolean> {
  return (await holderPid(plan, host)) !== undefined;
}

/** The process that holds a host (lab/machines/hold): it lives in the mount namespace of the host's disk. */
export function holderPid(plan: LabPlan, host: HostPlan): Promise<number | undefined> {
  return daemonPid(plan, consoleName(host));
}

/** Name of a host's holder among the lab's daemons: its log is the host's console. */
export function consoleName(host: HostPlan): string {
  return `${host.name}-console`;
}

/** A host's ext4 disk: a sparse file. */
export function diskImage(host: HostPlan): string {
  return join(host.dir, "disk.img");
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text
    .split(" ")
    .map(Number)
    .filter((child) => child > 0);
}

/** First process of a process id namespace of its own, and systemd already (not nspawn on its way there). */
async function isInit(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^Name:\tsystemd$/m.test(status) && /^NSpid:\t\d+\t1$/m.test(status);
}
