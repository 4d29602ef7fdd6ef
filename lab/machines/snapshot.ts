import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { runOk } from "../../src/host/run.ts";
import { machinesOf, vmsDir } from "../hypervisor/bays.ts";
import type { LabPlan } from "../plan.ts";
import { markOf } from "../processes.ts";
import { bootHost } from "./boot.ts";
import { copyControlState, freezeControl, restoreControlState } from "./control-state.ts";
import { copyDisk, freezeDisk } from "./copy-disk.ts";
import { diskImage } from "./machine.ts";
import { crashHost } from "./power.ts";

/**
 * Keeps the state of all disks, and the control server's, under a name, while the hosts run on: they stand still
 * for the copy alone (about 0.2 s a host). Every disk is whole in itself and holds all that was written until
 * then; running programs are not part of it. Throws E_LAB_SNAPSHOT.
 */
export async function snapshotLab(plan: LabPlan, name: string): Promise<void> {
  const dir = snapshotDir(plan, name);
  if (existsSync(dir))
    throw snapshotError(`there is a snapshot "${name}" already`, await snapshotNames(plan));
  await rm(`${dir}.partial`, { recursive: true, force: true });
  await mkdir(`${dir}.partial`, { recursive: true });
  const thaw: (() => Promise<void>)[] = [];
  try {
    thaw.push(await freezeControl(plan));
    for (const host of plan.hosts) thaw.push(await freezeDisk(plan, host));
    await Promise.all([
      copyVms(plan, vmsDir(plan), join(`${dir}.partial`, "vms")),
      ...machinesOf(plan).map((host) =>
        copyDisk(plan, diskImage(host), join(`${dir}.partial`, `${host.name}.img`)),
      ),
      copyControlState(plan, join(`${dir}.partial`, "tailnet")),
    ]);
  } finally {
    for (const release of thaw) await release();
  }
  await rename(`${dir}.partial`, dir);
}

/**
 * Puts all disks and the control server's state back to a snapshot and boots all hosts; VMs stay off. What came
 * after the snapshot is lost. Throws E_LAB_SNAPSHOT, E_LAB_BOOT.
 */
export async function restoreLab(plan: LabPlan, name: string): Promise<void> {
  const dir = snapshotDir(plan, name);
  if (!existsSync(dir)) throw snapshotError(`there is no snapshot "${name}"`, await snapshotNames(plan));
  await Promise.all(plan.hosts.map((host) => crashHost(plan, host)));
  await Promise.all([
    ...machinesOf(plan).map((host) => copyDisk(plan, join(dir, `${host.name}.img`), diskImage(host))),
    copyVms(plan, join(dir, "vms"), vmsDir(plan)),
    restoreControlState(plan, join(dir, "tailnet")),
  ]);
  await Promise.all(machinesOf(plan).map((host) => bootHost(plan, host)));
}

/** The snapshots that a lab has. */
export async function snapshotNames(plan: LabPlan): Promise<string[]> {
  const entries = await readdir(join(plan.dir, "snapshots")).catch(() => []);
  return entries.filter((entry) => !entry.endsWith(".partial")).sort();
}

/** Copies the disks of all VMs, where the lab has any. */
async function copyVms(plan: LabPlan, from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await rm(to, { recursive: true, force: true });
  await runOk(["cp", "--recursive", "--sparse=always", "--reflink=auto", from, to], {
    timeoutMs: 300_000,
    env: markOf(plan),
  });
}

function snapshotDir(plan: LabPlan, name: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/.test(name))
    throw snapshotError(`"${name}" cannot be a snapshot's name`, []);
  return join(plan.dir, "snapshots", name);
}

function snapshotError(what: string, present: readonly string[]): UserError {
  return new UserError("E_LAB_SNAPSHOT", what, {
    likely: present.length > 0 ? `there are: ${present.join(", ")}` : "names are letters, digits, - and _",
    mend: "npm run lab -- snapshot NAME      npm run lab -- restore NAME",
  });
}
