import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cgroupOf } from "./cgroup.ts";

export interface HostMemory {
  /** Proportional share of all processes, in MiB: pages that several hosts share count once among them. */
  readonly totalMib: number;
  /** The same by program, the greatest first. */
  readonly programs: readonly { readonly name: string; readonly mib: number }[];
}

/** The memory that a host's processes take now. The memory controller would say more, but is not everywhere. */
export async function hostMemory(host: { readonly namespace: string }): Promise<HostMemory> {
  const pids = await processesBelow(await cgroupOf(host));
  const byName = new Map<string, number>();
  for (const pid of pids) {
    const [name, rollup] = await Promise.all([
      readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""),
      readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => ""),
    ]);
    const mib = Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
    byName.set(name.trim(), (byName.get(name.trim()) ?? 0) + mib);
  }
  const programs = [...byName].map(([name, mib]) => ({ name, mib })).sort((a, b) => b.mib - a.mib);
  return { totalMib: programs.reduce((sum, { mib }) => sum + mib, 0), programs };
}

async function processesBelow(cgroup: string): Promise<string[]> {
  const own = (await readFile(join(cgroup, "cgroup.procs"), "utf8").catch(() => ""))
    .split("\n")
    .filter(Boolean);
  const entries = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  const parts = entries.filter((entry) => entry.isDirectory()).map((entry) => join(cgroup, entry.name));
  return [...own, ...(await Promise.all(parts.map(processesBelow))).flat()];
}
