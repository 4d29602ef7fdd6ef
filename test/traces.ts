import { readdir, readFile } from "node:fs/promises";
import type { LabPlan } from "../lab/plan.ts";
import { run } from "../src/host/run.ts";

/**
 * What a lab could leave on its machine, as sorted lines: all that is its own, by its id or folder (other labs may
 * run beside it), and the machine's own network, which no lab may touch.
 */
export async function traces(plan: Pick<LabPlan, "id" | "dir">): Promise<string[]> {
  const own = (text: string) => text.includes(plan.id) || text.includes(plan.dir);
  const [namespaces, mounts, loops, runtime, processes, network] = await Promise.all([
    readdir("/run/netns").catch(() => []),
    readFile("/proc/self/mountinfo", "utf8"),
    run(["losetup", "-n", "-O", "BACK-FILE"]),
    readdir("/run"),
    processesNaming(own),
    machineNetwork(),
  ]);
  return [
    ...namespaces.filter(own).map((name) => `namespace ${name}`),
    ...mounts.split("\n").filter(own),
    ...loops.stdout.split("\n").filter(own),
    ...runtime.filter(own).map((name) => `/run/${name}`),
    ...(await readdir(plan.dir).catch(() => [])).map((name) => `file ${name}`),
    ...processes,
    ...network,
  ].sort();
}

/** Programs that belong to a lab by what they were called with, their environment, or their cgroup. */
async function processesNaming(own: (text: string) => boolean): Promise<string[]> {
  const pids = (await readdir("/proc")).filter(
    (entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid,
  );
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      const [cmdline, environ, cgroup] = await Promise.all(["cmdline", "environ", "cgroup"].map(read));
      // Dead already, and waiting for its parent to notice.
      if (cmdline === "") return [];
      return own(`${cmdline}\0${environ}\0${cgroup}`) ? [`process ${cmdline?.replaceAll("\0", " ")}`] : [];
    }),
  );
  return found.flat();
}

async function machineNetwork(): Promise<string[]> {
  const asked = await Promise.all([
    run(["ip", "-o", "link"]),
    run(["ip", "route", "show", "table", "all"]),
    run(["ip", "rule"]),
    run(["nft", "list", "ruleset"]),
  ]);
  return asked.flatMap(({ stdout }) => stdout.split("\n"));
}
