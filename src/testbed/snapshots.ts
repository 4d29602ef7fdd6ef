import { UserError } from "../errors.ts";
import { qm } from "../proxmox/qm.ts";
import { readSnapshots, readVm, type Snapshot } from "../proxmox/vms.ts";
import type { Ground } from "./ground.ts";
import { type RecordedDevice, readSnapshotMark, snapshotText } from "./mark.ts";
import { freeVm } from "./power.ts";
import type { TestVm, VmSight } from "./vms.ts";

/** What going back to a snapshot takes of one VM. */
export interface WayBack {
  readonly vm: TestVm;
  readonly to: Snapshot;
  /** The testbed's own that are newer, newest first: ZFS cannot go back past them (proxmox.md 11). */
  readonly remove: readonly Snapshot[];
}

/**
 * The way of each VM back to its snapshot. Throws E_TESTBED_SNAPSHOT when it is missing or unfinished, and when a
 * newer one is somebody else's: it would be lost, or be in the way. Pure.
 */
export function waysBack(sights: readonly VmSight[], wanted: string | undefined): WayBack[] {
  return sights.map(({ vm, snapshots }) => {
    const name = wanted ?? vm.mark.snapshot;
    const to = snapshots.find((snapshot) => snapshot.name === name);
    if (!to) throw missing(vm, name, snapshots);
    if (to.unfinished) throw unfinished(vm, to);
    const remove = newerThan(to, snapshots);
    const foreign = remove.find(({ description }) => !readSnapshotMark(description, vm.mark));
    if (foreign) throw inTheWay(vm, to, foreign);
    return { vm, to, remove };
  });
}

/** Taken after it, or made from what was taken after it; newest first. */
function newerThan(to: Snapshot, all: readonly Snapshot[]): Snapshot[] {
  const newer = new Set<Snapshot>();
  for (const snapshot of all) {
    const parent = all.find(({ name }) => name === snapshot.parent);
    if (snapshot === to) continue;
    if (snapshot.time > to.time || parent === to || (parent && newer.has(parent))) newer.add(snapshot);
  }
  // `all` is in the order of time, and of two in the same second the child was met after its parent.
  return [...newer].reverse();
}

/** Deletes a snapshot. Throws E_QM, E_TESTBED_LOCKED. */
export async function deleteSnapshot(ground: Ground, vm: TestVm, snapshot: Snapshot): Promise<void> {
  const { host, node } = ground;
  await freeVm(ground, vm);
  const id = String(vm.vmid);
  const isThere = async () =>
    (await readSnapshots(host, node, vm.vmid)).some(({ name }) => name === snapshot.name);
  if (!(await isThere())) return;
  await qm(host, {
    node,
    vmid: vm.vmid,
    // Of one that was cut off, parts may be missing already.
    words: ["delsnapshot", id, snapshot.name, ...(snapshot.unfinished ? ["--force", "1"] : [])],
    what: `delete the snapshot ${snapshot.name} of VM ${vm.vmid}`,
    undo: "none: what it held is gone",
    timeoutMs: 300_000,
    task: "qmdelsnapshot",
    isDone: async () => !(await isThere()),
  });
}

/** Takes a snapshot, unless the testbed's own of that name is there. Throws E_QM, E_TESTBED_*. */
export async function takeSnapshot(
  ground: Ground,
  vm: TestVm,
  name: string,
  device: RecordedDevice | undefined,
): Promise<void> {
  const { host, node } = ground;
  await freeVm(ground, vm);
  const find = async () => (await readSnapshots(host, node, vm.vmid)).find((one) => one.name === name);
  const present = await find();
  if (present && !readSnapshotMark(present.description, vm.mark)) throw foreignName(vm, name);
  if (present && !present.unfinished) return;
  if (present) await deleteSnapshot(ground, vm, present);
  const { uuid } = vm.mark;
  const description = snapshotText({ vmid: vm.vmid, uuid: uuid ?? "", device: device ?? null });
  await qm(host, {
    node,
    vmid: vm.vmid,
    words: ["snapshot", String(vm.vmid), name, "--description", description],
    what: `take the snapshot ${name} of VM ${vm.vmid}`,
    undo: `qm delsnapshot ${vm.vmid} ${name}`,
    timeoutMs: 300_000,
    task: "qmsnapshot",
    isDone: async () => (await find())?.unfinished === false,
  });
}

/** Rolls a VM back; a running one is stopped hard by it. Throws E_QM, E_TESTBED_LOCKED. */
export async function rollBack(ground: Ground, { vm, to }: WayBack): Promise<void> {
  const { host, node } = ground;
  await freeVm(ground, vm);
  const id = String(vm.vmid);
  await qm(host, {
    node,
    vmid: vm.vmid,
    words: ["rollback", id, to.name],
    what: `roll VM ${vm.vmid} back to ${to.name}`,
    undo: "none: what was on it is gone",
    timeoutMs: 600_000,
    task: "qmrollback",
    // A VM that was off and stood on that snapshot before looks the same afterwards: its task tells.
    isDone: async () => {
      const { lock, parent } = await readVm(host, node, vm.vmid);
      return lock === undefined && parent === to.name;
    },
  });
}

function missing(vm: TestVm, name: string, there: readonly Snapshot[]): UserError {
  return new UserError(
    "E_TESTBED_SNAPSHOT",
    `${vm.name} (VM ${vm.vmid}) has no snapshot "${name}"; nothing was changed`,
    {
      likely:
        there.length === 0
          ? "it has none at all: it was deleted, or create did not end"
          : `it has ${there.map((one) => one.name).join(", ")}`,
      mend: "tailmox testbed create finishes what it began; --snapshot NAME takes another",
    },
  );
}

function unfinished(vm: TestVm, { name }: Snapshot): UserError {
  return new UserError("E_TESTBED_SNAPSHOT", `the snapshot "${name}" of VM ${vm.vmid} is not whole`, {
    likely: "it was cut off while it was made or deleted",
    mend: `qm delsnapshot ${vm.vmid} ${name} --force; then tailmox testbed create takes it anew`,
  });
}

function inTheWay(vm: TestVm, to: Snapshot, { name }: Snapshot): UserError {
  return new UserError(
    "E_TESTBED_SNAPSHOT",
    `VM ${vm.vmid} has the snapshot "${name}", newer than "${to.name}" and not the testbed's; nothing was changed`,
    {
      likely: "somebody took it by hand, and ZFS cannot go back past it",
      mend: `if it may be lost: qm delsnapshot ${vm.vmid} ${name}`,
    },
  );
}

function foreignName(vm: TestVm, name: string): UserError {
  return new UserError("E_TESTBED_SNAPSHOT", `VM ${vm.vmid} has a snapshot "${name}" of somebody else's`, {
    likely: "it was taken by hand",
    mend: `another name: --snapshot NAME; or qm delsnapshot ${vm.vmid} ${name}`,
  });
}
