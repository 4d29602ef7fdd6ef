import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { assertRollbackPossible, rollbackVolume } from "../storage/snapshots.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { drivesOf, withUnused } from "./drives.ts";
import { startVm } from "./power.ts";
import { killProcess } from "./running.ts";
import { type Section, without } from "./vm-config.ts";
import { assertUnlocked, changeVm, isTemplate } from "./vm-files.ts";
import { mustFindSnapshot, snapshotValues } from "./vm-snapshots.ts";

/**
 * The task `qmrollback`. What the storage forbids is said while the VM still runs; then a running VM is killed,
 * and it starts again only when its memory was kept, or with `start` (proxmox.md 11).
 */
export async function rollbackVm(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  const [vmid, name] = [Number(params.vmid), String(params.snapname)];
  const { snapshots } = await changeVm(node, vmid, async (config) => {
    if (isTemplate(config)) throw new PveError("you can't rollback if vm is a template");
    const snapshot = mustFindSnapshot(config, name);
    for (const [, { file }] of drivesOf(snapshot)) await assertRollbackPossible(node, file, name);
    if (snapshot.snapstate !== undefined) {
      throw new PveError(`unable to rollback to incomplete snapshot (snapstate = ${snapshot.snapstate})`);
    }
    assertUnlocked(config);
    await killProcess(node, vmid);
    return { ...config, current: { ...config.current, lock: "rollback" } };
  });
  const snapshot = snapshots[name] ?? {};
  for (const [, { file }] of drivesOf(snapshot)) await rollbackVolume(node, file, name);
  await changeVm(node, vmid, (config) => {
    if (config.current.lock !== "rollback") throw new PveError("got wrong lock");
    return { ...config, current: { ...restored(config.current, snapshot), parent: name } };
  });
  if (params.start || snapshot.vmstate !== undefined) await startVm(node, { vmid }, output);
}

/** The snapshot's values; the present description stays, and a drive that came later becomes unused. */
function restored(current: Section, snapshot: Section): Section {
  const kept = Object.keys(current).filter((key) => /^unused\d+$/.test(key) || key === "description");
  const values = without(snapshotValues(snapshot), "runningcpu", "runningmachine");
  let section: Section = { ...Object.fromEntries(kept.map((key) => [key, current[key] ?? ""])), ...values };
  const used = new Set(drivesOf(values).map(([, { file }]) => file));
  for (const [, { file }] of drivesOf(current)) {
    if (!used.has(file)) ({ section } = withUnused(section, file));
  }
  return section.vmgenid === undefined ? section : { ...section, vmgenid: crypto.randomUUID() };
}
