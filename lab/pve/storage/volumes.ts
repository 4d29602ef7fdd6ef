import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { PveError } from "../errors.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { copyContent, freeContent, renameContent } from "./content.ts";
import { mustFindStorage, type StorageEntry, spaceOf } from "./storages.ts";
import {
  forgetVolume,
  isThick,
  listVolumes,
  mustFindVolume,
  parseVolid,
  type Volume,
  withStorageLock,
  writeVolume,
} from "./volume-files.ts";

type Format = Volume["format"];

export interface NewVolume {
  readonly vmid: number;
  /** Bytes. */
  readonly size: number;
  readonly format?: string;
  /** Must begin with `vm-VMID-`; the next free disk's otherwise. */
  readonly name?: string;
}

/** Makes an empty volume; gives its id. Throws the storage's own words for `no room`. */
export async function allocate(node: PveNode, storage: string, asked: NewVolume): Promise<string> {
  const entry = await mustFindStorage(node, storage);
  return await withStorageLock(node, storage, async () => {
    const format = formatFor(entry, asked.format);
    const name = asked.name ?? (await freeName(node, entry, asked.vmid, format));
    if (!name.startsWith(`vm-${asked.vmid}-`)) {
      throw new PveError(`illegal name '${name}' - should be 'vm-${asked.vmid}-*'`);
    }
    const made = newVolume(name, asked.vmid, format, asked.size);
    await assertRoom(node, entry, made);
    return await keep(node, entry, made);
  });
}

/** Makes a linked clone of a base volume, without the machine in it; gives its id. */
export async function cloneVolume(node: PveNode, volid: string, vmid: number): Promise<string> {
  const { storage } = parseVolid(volid);
  const entry = await mustFindStorage(node, storage);
  return await withStorageLock(node, storage, async () => {
    const base = await mustFindVolume(node, volid);
    const format = entry.type === "dir" ? "qcow2" : base.format;
    const name = await freeName(node, entry, vmid, format);
    const made = { ...newVolume(name, vmid, format, base.size), base: base.name };
    if ((await room(node, entry)) <= 0) throw full(entry, made);
    return await keep(node, entry, made);
  });
}

/** Fills a new volume with the data of another one, or of its snapshot. Throws `copy failed: ...` without room. */
export async function copyVolume(
  node: PveNode,
  from: string,
  snapshot: string | undefined,
  to: string,
): Promise<void> {
  const source = await mustFindVolume(node, from);
  const base = source.base === undefined ? 0 : await baseUse(node, from, source.base);
  await fillVolume(node, to, source.used + base);
  await copyContent(node, from, snapshot, to);
}

/** Notes that `used` bytes were written to a volume. Throws `copy failed: ...` when the storage has no room. */
export async function fillVolume(node: PveNode, volid: string, used: number): Promise<void> {
  const { storage } = parseVolid(volid);
  const entry = await mustFindStorage(node, storage);
  await withStorageLock(node, storage, async () => {
    const target = await mustFindVolume(node, volid);
    const free = await room(node, entry);
    if (!isThick(entry, target) && used > free) {
      const path = volumePath(entry, target);
      throw new PveError(
        `qemu-img: error while writing at byte ${Math.floor(free / 65_536) * 65_536}: No space left on device\n` +
          `copy failed: command '/usr/bin/qemu-img convert -p -n -O ${target.format} zeroinit:${path}' failed: exit code 1`,
      );
    }
    await writeVolume(node, storage, { ...target, used });
  });
}

/** Turns a volume into a base, from which linked clones are made; gives its new id. */
export async function makeBase(node: PveNode, volid: string): Promise<string> {
  const { storage } = parseVolid(volid);
  const entry = await mustFindStorage(node, storage);
  return await withStorageLock(node, storage, async () => {
    const old = await mustFindVolume(node, volid);
    if (isBase(old)) throw new PveError("create_base not possible with base image");
    const base = { ...old, name: old.name.replace(/^vm-/, "base-") };
    await writeVolume(node, storage, base);
    await forgetVolume(node, { storage, name: old.name });
    if (entry.type === "dir") {
      await rename(at(node, volumePath(entry, old)), at(node, volumePath(entry, base)));
    }
    const id = volidOf(entry, base);
    await renameContent(node, volid, id);
    return id;
  });
}

/** Removes a volume. Throws when a linked clone stands on it. */
export async function freeVolume(node: PveNode, volid: string): Promise<void> {
  const { storage, name } = parseVolid(volid);
  const entry = await mustFindStorage(node, storage);
  await withStorageLock(node, storage, async () => {
    const old = await mustFindVolume(node, volid);
    const clone = (await listVolumes(node, storage)).find(({ base }) => base === name);
    if (clone) throw new PveError(`base volume '${name}' is still in use (use by '${clone.name}')`);
    if (entry.type === "dir") await rm(at(node, volumePath(entry, old)), { force: true });
    await forgetVolume(node, { storage, name });
    await freeContent(node, volid);
  });
}

/** A volume's id: on a directory with the VM's folder, and a clone's with its base. */
export function volidOf(entry: StorageEntry, volume: Volume): string {
  const inFolder = ({ vmid, name }: { vmid: number | string; name: string }) =>
    entry.type === "dir" ? `${vmid}/${name}` : name;
  const owner = /^base-(\d+)-/.exec(volume.base ?? "")?.[1] ?? "";
  const base =
    volume.base === undefined || entry.type === "lvmthin"
      ? ""
      : `${inFolder({ vmid: owner, name: volume.base })}/`;
  return `${entry.storage}:${base}${inFolder(volume)}`;
}

/** Where a volume is to be opened, on a real host. */
export function volumePath(entry: StorageEntry, { vmid, name }: Volume): `/${string}` {
  switch (entry.type) {
    case "dir":
      return `/${(entry.path ?? "").replace(/^\//, "")}/images/${vmid}/${name}`;
    case "zfspool":
      return `/dev/zvol/${entry.pool ?? "rpool/data"}/${name}`;
    default:
      return `/dev/${entry.vgname ?? "pve"}/${name}`;
  }
}

export function isBase({ name }: Pick<Volume, "name">): boolean {
  return name.startsWith("base-");
}

/** Bytes that a storage has left. */
export async function room(node: PveNode, entry: StorageEntry): Promise<number> {
  return (await spaceOf(node, entry))?.avail ?? 0;
}

function newVolume(name: string, vmid: number, format: Format, size: number): Volume {
  return { name, vmid, format, size, used: 0, ctime: Math.floor(Date.now() / 1000), snapshots: [] };
}

/** Directories keep images in files of a format, pools know raw alone. */
function formatFor(entry: StorageEntry, asked: string | undefined): Format {
  if (entry.type !== "dir") return "raw";
  return asked === "raw" || asked === "vmdk" || asked === "qcow2" ? asked : "raw";
}

async function freeName(node: PveNode, entry: StorageEntry, vmid: number, format: Format): Promise<string> {
  const taken = new Set(
    (await listVolumes(node, entry.storage)).map(({ name }) => name.replace(/\..*$/, "")),
  );
  for (let n = 0; ; n++) {
    const name = `vm-${vmid}-disk-${n}`;
    if (taken.has(name) || taken.has(`base-${vmid}-disk-${n}`)) continue;
    return entry.type === "dir" ? `${name}.${format}` : name;
  }
}

/** The record of a volume, and of a directory's volume the file. */
async function keep(node: PveNode, entry: StorageEntry, made: Volume): Promise<string> {
  if (entry.type === "dir") {
    const path = at(node, volumePath(entry, made));
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "wx", 0o640);
    await file.truncate(made.size).finally(() => file.close());
  }
  await writeVolume(node, entry.storage, made);
  return volidOf(entry, made);
}

/** Thin storages refuse when they are full, thick ones when the whole size does not fit. */
async function assertRoom(node: PveNode, entry: StorageEntry, made: Volume): Promise<void> {
  const free = await room(node, entry);
  if (isThick(entry, made) ? made.size > free : free <= 0) throw full(entry, made);
}

function full(entry: StorageEntry, made: Volume): PveError {
  const { name } = made;
  switch (entry.type) {
    case "zfspool":
      return new PveError(`zfs error: cannot create '${entry.pool ?? "rpool/data"}/${name}': out of space`);
    case "lvmthin":
      return new PveError(
        `lvcreate '${entry.vgname}/${name}' error:   Cannot create new thin volume, free space in thin pool ` +
          `${entry.vgname}/${entry.thinpool} reached threshold.`,
      );
    case "lvm":
      return new PveError(
        `lvcreate '${entry.vgname}/${name}' error:   Volume group "${entry.vgname}" has insufficient free space`,
      );
    default:
      return new PveError(
        `unable to create image: qemu-img: ${volumePath(entry, made)}: Could not write: No space left on device`,
      );
  }
}

async function baseUse(node: PveNode, volid: string, base: string): Promise<number> {
  const { storage } = parseVolid(volid);
  return (await listVolumes(node, storage)).find(({ name }) => name === base)?.used ?? 0;
}
