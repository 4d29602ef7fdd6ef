import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { run } from "../../src/host/run.ts";
import { killCgroup } from "./cgroup.ts";
import { machinePrograms } from "./programs.ts";

/**
 * Makes the disk of a machine drop what was not synced, and kills all its processes at once; `hosts` holds the
 * machine's directory. Goes by the cgroup alone. A machine that has no disk yet is just killed.
 */
export async function powerCut(cgroup: string, hosts: string): Promise<void> {
  const host = basename(cgroup).split("-").slice(2).join("-");
  const { powercut } = await machinePrograms();
  const [init] = await processesIn(join(cgroup, "payload/init.scope"));
  // The holder lives in the mount namespace that has the disk: that is the way to it.
  for (const pid of await processesIn(join(cgroup, "hold"))) {
    const disk = join(`/proc/${pid}/root`, hosts, host, "disk");
    const argv = [powercut, "-disk", disk, "-cgroup", cgroup, "-init", `${init ?? 0}`] as const;
    if ((await run(argv, { timeoutMs: 10_000 })).exitCode === 0) return;
  }
  await killCgroup(cgroup);
}

async function processesIn(cgroup: string): Promise<number[]> {
  const text = await readFile(join(cgroup, "cgroup.procs"), "utf8").catch(() => "");
  return text
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}
