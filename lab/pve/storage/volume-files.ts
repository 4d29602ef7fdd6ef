import { open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { PveError } from "../errors.ts";
import { makeFolder, readText } from "../node/files.ts";
import { withFileLock } from "../node/locks.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import type { StorageEntry } from "./storages.ts";

const volume = z.object({
  name: z.string(),
  vmid: z.number(),
  format: z.enum(["raw", "qcow2", "vmdk"]),
  /** Bytes that the guest sees. */
  size: z.number(),
  /** Bytes of data in it, its base's not counted. */
  used: z.number(),
  /** Epoch seconds. */
  ctime: z.number(),
  /** Name of the base volume that a linked clone stands on. */
  base: z.string().optional(),
  /** Oldest first; `held` are bytes that a snapshot keeps from others. */
  snapshots: z.array(z.object({ name: z.string(), held: z.number() })),
});
/** A volume as the stand-in remembers it: there is no LVM and no ZFS below. */
export type Volume = z.infer<typeof volume>;

/** Where a volume is named: `local-zfs:base-9000-disk-0/vm-101-disk-0`. */
export interface VolumeId {
  readonly storage: string;
  readonly name: string;
}

export function parseVolid(volid: string): VolumeId {
  const [, storage, rest] = /^([a-zA-Z][a-zA-Z0-9._-]*):(\S+)$/.exec(volid) ?? [];
  if (!storage || !rest) throw new PveError(`unable to parse volume ID '${volid}'`);
  return { storage, name: rest.split("/").at(-1) ?? rest };
}

/** The volumes of a storage, by name. */
export async function listVolumes(node: PveNode, storage: string): Promise<Volume[]> {
  const files = await readdir(at(node, folder(storage))).catch(() => []);
  const names = files.filter((file) => file.endsWith(".json")).sort();
  const found = await Promise.all(names.map((file) => readVolume(node, storage, file.slice(0, -5))));
  return found.filter((each) => each !== undefined);
}

export async function findVolume(node: PveNode, volid: string): Promise<Volume | undefined> {
  const { storage, name } = parseVolid(volid);
  return await readVolume(node, storage, name);
}

export async function mustFindVolume(node: PveNode, volid: string): Promise<Volume> {
  const found = await findVolume(node, volid);
  if (!found) throw new PveError(`volume '${volid}' does not exist`);
  return found;
}

/** Remembers a volume, so that a power cut right after it forgets nothing: neither LVM nor ZFS would. */
export async function writeVolume(node: PveNode, storage: string, value: Volume): Promise<void> {
  await makeFolder(node, folder(storage));
  const path = at(node, file(storage, value.name));
  await writeFile(`${path}.new`, `${JSON.stringify(value)}\n`);
  await sync(`${path}.new`);
  await rename(`${path}.new`, path);
  await sync(at(node, folder(storage)));
}

export async function forgetVolume(node: PveNode, { storage, name }: VolumeId): Promise<void> {
  await rm(at(node, file(storage, name)), { force: true });
  await sync(at(node, folder(storage)));
}

/** One program at a time changes a storage. */
export async function withStorageLock<T>(node: PveNode, storage: string, code: () => Promise<T>): Promise<T> {
  await makeFolder(node, "/var/lock/pve-manager");
  return await withFileLock(node, `/var/lock/pve-manager/pve-storage-${storage}`, code);
}

/** Bytes that the volumes of a storage take of its pool. */
export async function poolUse(node: PveNode, entry: StorageEntry): Promise<number> {
  const volumes = await listVolumes(node, entry.storage);
  return volumes.reduce((sum, each) => sum + takes(entry, each), 0);
}

/** ZFS reserves a volume's whole size unless the storage is `sparse`, LVM takes it; a clone takes what it writes. */
export function isThick(entry: StorageEntry, { base }: Pick<Volume, "base">): boolean {
  if (base !== undefined) return false;
  return entry.type === "lvm" || (entry.type === "zfspool" && entry.sparse !== "1");
}

function takes(entry: StorageEntry, each: Volume): number {
  const held = each.snapshots.reduce((sum, snapshot) => sum + snapshot.held, 0);
  return (isThick(entry, each) ? each.size : each.used) + held;
}

async function readVolume(node: PveNode, storage: string, name: string): Promise<Volume | undefined> {
  const text = await readText(node, file(storage, name));
  return text === undefined ? undefined : volume.parse(JSON.parse(text));
}

/** Waits until a file, or a folder's list of names, is on the disk. */
async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync().finally(() => file.close());
}

function folder(storage: string): `/${string}` {
  return `/var/lib/lab-pve/volumes/${storage}`;
}

function file(storage: string, name: string): `/${string}` {
  return `${folder(storage)}/${name}.json`;
}
