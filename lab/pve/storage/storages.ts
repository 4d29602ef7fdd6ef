import { statfs } from "node:fs/promises";
import { PveError, parameterError } from "../errors.ts";
import { readText, setContents } from "../node/files.ts";
import { withClusterLock } from "../node/locks.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import { parseSize } from "./sizes.ts";
import { poolUse } from "./volume-files.ts";

/** A section of storage.cfg: its keys as written. */
export type StorageEntry = Readonly<Record<string, string>> & {
  readonly storage: string;
  readonly type: string;
};

export interface Space {
  /** Bytes. */
  readonly total: number;
  readonly used: number;
  readonly avail: number;
}

/** The sections of storage.cfg: `dir: local`, then indented `key value` lines. */
export async function readStorages(node: PveNode): Promise<StorageEntry[]> {
  const text = (await readText(node, STORAGE_CFG)) ?? "";
  return text.split(/^(?=\S)/m).flatMap((section): StorageEntry[] => {
    const [, type, storage] = /^([a-z]+):\s+(\S+)/.exec(section) ?? [];
    if (!type || !storage) return [];
    const values = [...section.matchAll(/^\s+(\S+)(?:[ \t]+(.*?))?\s*$/gm)];
    return [{ ...Object.fromEntries(values.map(([, key, value]) => [key, value ?? "1"])), storage, type }];
  });
}

/** Adds a section to storage.cfg. Throws when there is one of that name. */
export async function addStorage(node: PveNode, params: Params): Promise<void> {
  const { storage, type, ...values } = params;
  const name = String(storage);
  const needed = NEEDED[String(type)] ?? [];
  const missing = needed.filter((key) => values[key] === undefined);
  if (missing.length > 0) {
    throw parameterError(
      Object.fromEntries(missing.map((key) => [key, "property is missing and it is not optional"])),
    );
  }
  await withClusterLock(node, "file-storage_cfg", async () => {
    if ((await readStorages(node)).some((entry) => entry.storage === name)) {
      throw new PveError(`create storage failed: storage ID '${name}' already defined`);
    }
    const lines = Object.entries(values).map(([key, value]) => `\t${key} ${value}\n`);
    const text = (await readText(node, STORAGE_CFG)) ?? "";
    await setContents(node, STORAGE_CFG, `${text.trimEnd()}\n\n${type}: ${name}\n${lines.join("")}\n`, 0o640);
  });
}

const STORAGE_CFG = "/etc/pve/storage.cfg";
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  dir: ["path"],
  lvm: ["vgname"],
  lvmthin: ["vgname", "thinpool"],
  zfspool: ["pool"],
};

/** A storage that this node may use. Throws `storage 'x' does not exist` and the like. */
export async function mustFindStorage(node: PveNode, name: string): Promise<StorageEntry> {
  const found = (await readStorages(node)).find(({ storage }) => storage === name);
  if (!found) throw new PveError(`storage '${name}' does not exist`);
  if (found.disable === "1") throw new PveError(`storage '${name}' is disabled`);
  if (!isHere(node, found)) {
    throw new PveError(`storage '${name}' is not available on node '${node.name}'`);
  }
  return found;
}

/** What a storage may hold: its `content` line, or what Proxmox takes for its type. */
export function contentOf(entry: StorageEntry): string[] {
  return (entry.content ?? "images,rootdir").split(",").map((each) => each.trim());
}

/** Throws a parameter error unless the storage takes disks of VMs. */
export function assertTakesImages(entry: StorageEntry): void {
  if (contentOf(entry).includes("images")) return;
  throw parameterError({ storage: `storage '${entry.storage}' does not support vm images` });
}

/** false for a storage that other nodes alone have. */
export function isHere(node: PveNode, entry: StorageEntry): boolean {
  return entry.nodes === undefined || entry.nodes.split(",").includes(node.name);
}

/** Types whose volumes the stand-in keeps; others are listed and never active. */
export function isPlayed(entry: StorageEntry): boolean {
  return ["dir", "lvm", "lvmthin", "zfspool"].includes(entry.type);
}

/**
 * Room of a storage. Pools have 100 GiB unless the file `total` beside their volumes says another size (`20G`);
 * a directory has what its file system has.
 */
export async function spaceOf(node: PveNode, entry: StorageEntry): Promise<Space | undefined> {
  if (!isPlayed(entry)) return undefined;
  const used = await poolUse(node, entry);
  const asked = parseSize((await readText(node, poolSizeFile(entry.storage)))?.trim() ?? "", "G");
  const disk = entry.path ? await statfs(at(node, `/${entry.path}`)).catch(() => undefined) : undefined;
  if (asked === undefined && disk) {
    const [total, free] = [disk.blocks * disk.bsize, disk.bavail * disk.bsize];
    return { total, used: (disk.blocks - disk.bfree) * disk.bsize + used, avail: Math.max(0, free - used) };
  }
  const total = asked ?? 100 * 2 ** 30;
  return { total, used, avail: Math.max(0, total - used) };
}

function poolSizeFile(storage: string): `/${string}` {
  return `/var/lib/lab-pve/volumes/${storage}/total`;
}
