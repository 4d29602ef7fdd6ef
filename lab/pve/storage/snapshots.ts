import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { deleteContentSnapshot, rollbackContent, snapshotContent } from "./content.ts";
import { mustFindStorage, type StorageEntry } from "./storages.ts";
import {
  isThick,
  mustFindVolume,
  parseVolid,
  type Volume,
  withStorageLock,
  writeVolume,
} from "./volume-files.ts";
import { isBase, room } from "./volumes.ts";

export type Feature = "snapshot" | "clone" | "template" | "copy";

/** What a storage can do with a volume, or with a snapshot of it. */
export async function hasFeature(
  node: PveNode,
  feature: Feature,
  volid: string,
  snapshot?: string,
): Promise<boolean> {
  const entry = await mustFindStorage(node, parseVolid(volid).storage);
  const volume = await mustFindVolume(node, volid);
  return FEATURES[feature](entry, volume, snapshot !== undefined);
}

const FEATURES: Readonly<
  Record<Feature, (entry: StorageEntry, volume: Volume, ofSnapshot: boolean) => boolean>
> = {
  snapshot: (entry, volume) =>
    entry.type === "zfspool" ||
    entry.type === "lvmthin" ||
    (entry.type === "dir" && volume.format === "qcow2"),
  clone: (entry, volume, ofSnapshot) => !ofSnapshot && isBase(volume) && entry.type !== "lvm",
  template: (entry, volume, ofSnapshot) => !ofSnapshot && !isBase(volume) && entry.type !== "lvm",
  // A ZFS snapshot has no device that could be read.
  copy: (entry, _volume, ofSnapshot) => !ofSnapshot || entry.type !== "zfspool",
};

/** Keeps a volume's state under a name. Throws the storage's words when there is no room. */
export async function snapshotVolume(node: PveNode, volid: string, name: string): Promise<void> {
  await change(node, volid, async (entry, volume) => {
    const held = isThick(entry, volume) ? volume.used : 0;
    const free = await room(node, entry);
    if (held > free || (entry.type === "lvmthin" && free <= 0)) throw noRoom(entry, volume, name);
    await snapshotContent(node, volid, name);
    return { ...volume, snapshots: [...volume.snapshots, { name, held }] };
  });
}

/** Forgets a volume's snapshot. */
export async function deleteVolumeSnapshot(node: PveNode, volid: string, name: string): Promise<void> {
  await change(node, volid, async (_entry, volume) => {
    await deleteContentSnapshot(node, volid, name);
    return { ...volume, snapshots: volume.snapshots.filter((snapshot) => snapshot.name !== name) };
  });
}

/** ZFS cannot roll back past a newer snapshot: that, and a missing one, it says before anything is changed. */
export async function assertRollbackPossible(node: PveNode, volid: string, name: string): Promise<void> {
  const entry = await mustFindStorage(node, parseVolid(volid).storage);
  if (entry.type !== "zfspool") return;
  const { snapshots } = await mustFindVolume(node, volid);
  const at = snapshots.findIndex((snapshot) => snapshot.name === name);
  if (at < 0) throw new PveError(`can't rollback, snapshot '${name}' does not exist on '${volid}'`);
  if (at < snapshots.length - 1) {
    throw new PveError(`can't rollback, '${name}' is not most recent snapshot on '${volid}'`);
  }
}

/** Puts a volume's data back to a snapshot. */
export async function rollbackVolume(node: PveNode, volid: string, name: string): Promise<void> {
  await change(node, volid, async (_entry, volume) => {
    if (!volume.snapshots.some((snapshot) => snapshot.name === name)) {
      throw new PveError(`can't rollback, snapshot '${name}' does not exist on '${volid}'`);
    }
    await rollbackContent(node, volid, name);
    return volume;
  });
}

async function change(
  node: PveNode,
  volid: string,
  changed: (entry: StorageEntry, volume: Volume) => Promise<Volume>,
): Promise<void> {
  const { storage } = parseVolid(volid);
  const entry = await mustFindStorage(node, storage);
  await withStorageLock(node, storage, async () => {
    await writeVolume(node, storage, await changed(entry, await mustFindVolume(node, volid)));
  });
}

function noRoom(entry: StorageEntry, { name }: Volume, snapshot: string): PveError {
  return entry.type === "zfspool"
    ? new PveError(
        `zfs error: cannot create snapshot '${entry.pool ?? "rpool/data"}/${name}@${snapshot}': out of space`,
      )
    : new PveError(
        `lvcreate snapshot '${entry.vgname}/snap_${name}_${snapshot}' error:   Cannot create new thin volume, ` +
          `free space in thin pool ${entry.vgname}/${entry.thinpool} reached threshold.`,
      );
}
