import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findCgroups } from "../../../lab/machines/cgroup.ts";
import { loopsOf } from "../../../lab/machines/loops.ts";
import type { LabPlan } from "../../../lab/plan.ts";
import { processesOf } from "../../../lab/processes.ts";

/** All that a lab has on this machine, by kind; every list is empty when nothing of it is left. */
export async function footprint(plan: LabPlan) {
  const ours = (name: string) => name.startsWith(`tmx-${plan.id}-`);
  const list = async (dir: string) => (await readdir(dir).catch(() => [])).filter(ours);
  return {
    processes: await processesOf(plan),
    mounts: await mountsUnder(plan.dir),
    loops: await loopsOf(plan.dir),
    cgroups: await findCgroups(ours),
    twins: await list("/sys/fs/cgroup/systemd"),
    namespaces: await list("/run/netns"),
    propagate: await list("/run/systemd/nspawn/propagate"),
    files: await readdir(plan.dir).catch(() => []),
  };
}

export const NOTHING: Awaited<ReturnType<typeof footprint>> = {
  processes: [],
  mounts: [],
  loops: [],
  cgroups: [],
  twins: [],
  namespaces: [],
  propagate: [],
  files: [],
};

/** Mounts that mention a directory, in the mount namespace of any process. */
async function mountsUnder(dir: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const tables = await Promise.all(
    pids.map((pid) => readFile(join("/proc", pid, "mountinfo"), "utf8").catch(() => "")),
  );
  return [...new Set(tables.flatMap((table) => table.split("\n")))].filter((line) =>
    line.includes(`${dir}/`),
  );
}
