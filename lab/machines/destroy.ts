import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { run } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { cgroupIsEmpty, findCgroups, removeCgroups } from "./cgroup.ts";
import { loopsAreFree, loopsOf } from "./loops.ts";
import { powerCut } from "./power-cut.ts";
import { machinePrograms } from "./programs.ts";
import { layersDir } from "./shared-layer.ts";

/**
 * Ends all machines of a lab and takes away what is theirs. Goes by what is there (cgroups, loop devices, files
 * of the lab's id and directory) and not by the plan's hosts, so that it also works after the lab was killed at
 * any moment. Mounts need no word: they live and die with the machines' processes. Idempotent.
 */
export async function destroyMachines(plan: Pick<LabPlan, "id" | "dir">): Promise<void> {
  const ours = (name: string) => name.startsWith(`tmx-${plan.id}-`);
  const hosts = join(plan.dir, "hosts");
  const cgroups = await findCgroups(ours);
  await Promise.all(cgroups.map((cgroup) => powerCut(cgroup, hosts)));
  if (!(await loopsAreFree(hosts, 500))) await detach(hosts);
  for (const cgroup of cgroups) {
    if (!(await cgroupIsEmpty(cgroup, 15_000))) throw stuck(`processes in ${cgroup} do not end`);
  }
  if (!(await loopsAreFree(hosts, 15_000))) {
    throw stuck(`loop devices stay in use: ${(await loopsOf(hosts)).map(({ device }) => device).join(" ")}`);
  }
  await removeCgroups(ours);
  for (const name of await readdir(PROPAGATE).catch(() => [])) {
    if (ours(name)) await rm(join(PROPAGATE, name), { recursive: true, force: true });
  }
  for (const dir of [hosts, join(plan.dir, "snapshots"), layersDir(plan)])
    await rm(dir, { recursive: true, force: true });
}

/** nspawn leaves a directory per machine here. */
const PROPAGATE = "/run/systemd/nspawn/propagate";

/**
 * A file system that was frozen for a snapshot which never ended outlives its last mount, and processes that
 * wait for it cannot die: thaw it. Harmless to others: the disk is not needed any longer.
 */
async function detach(hosts: string): Promise<void> {
  const { powercut } = await machinePrograms();
  for (const { device, file } of await loopsOf(hosts)) {
    await run([powercut, "-device", device, "-disk", join(dirname(file), "disk")], { timeoutMs: 10_000 });
    await run(["losetup", "--detach", device]);
  }
}

function stuck(what: string): UserError {
  return new UserError("E_LAB_SHUTDOWN", `the lab's machines do not go away: ${what}`, {
    likely: "a process waits inside the kernel, or somebody else mounted a host's disk",
    mend: "look what the process waits for (/proc/PID/stack), then run `npm run lab -- down` again",
  });
}
