import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { runOk } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { cgroupIsEmpty, findCgroups, killCgroup, removeCgroups } from "./cgroup.ts";
import { loopsAreFree, loopsOf } from "./loops.ts";

/**
 * Ends all machines of a lab and takes away what is theirs. Goes by what is there (cgroups, loop devices, files
 * of the lab's id and directory) and not by the plan's hosts, so that it also works after the lab was killed at
 * any moment. Mounts need no word: they live and die with the machines' processes. Idempotent.
 */
export async function destroyMachines(plan: Pick<LabPlan, "id" | "dir">): Promise<void> {
  const ours = (name: string) => name.startsWith(`tmx-${plan.id}-`);
  const hosts = join(plan.dir, "hosts");
  for (const cgroup of await findCgroups(ours)) {
    await killCgroup(cgroup);
    if (!(await cgroupIsEmpty(cgroup, 15_000))) throw stuck(`processes in ${cgroup} do not end`);
  }
  if (!(await loopsAreFree(hosts, 5_000))) await detach(hosts);
  await removeCgroups(ours);
  for (const name of await readdir(PROPAGATE).catch(() => [])) {
    if (ours(name)) await rm(join(PROPAGATE, name), { recursive: true, force: true });
  }
  for (const dir of [hosts, join(plan.dir, "snapshots")]) await rm(dir, { recursive: true, force: true });
}

/** nspawn leaves a directory per machine here. */
const PROPAGATE = "/run/systemd/nspawn/propagate";

async function detach(hosts: string): Promise<void> {
  for (const device of await loopsOf(hosts)) await runOk(["losetup", "--detach", device]);
  if (!(await loopsAreFree(hosts, 5_000))) {
    throw stuck(`loop devices stay in use: ${(await loopsOf(hosts)).join(" ")}`);
  }
}

function stuck(what: string): UserError {
  return new UserError("E_LAB_SHUTDOWN", `the lab's machines do not go away: ${what}`, {
    likely: "a process waits inside the kernel, or somebody else mounted a host's disk",
    mend: "look what the process waits for (/proc/PID/stack), then run `npm run lab -- down` again",
  });
}
