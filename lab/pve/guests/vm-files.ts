import { createHash } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { PveError } from "../errors.ts";
import { exists, makeFolder, readText, setContents } from "../node/files.ts";
import { withFileLock } from "../node/locks.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { formatVmConfig, parseVmConfig, type Section, type VmConfig, without } from "./vm-config.ts";

/** A VM of this node as its file says. Throws `Configuration file 'nodes/...' does not exist` with status 2. */
export async function loadVm(node: PveNode, vmid: number): Promise<VmConfig> {
  return parseVmConfig(await mustReadVm(node, vmid));
}

/** SHA-1 of the file: what `digest` parameters are held against. */
export async function vmDigest(node: PveNode, vmid: number): Promise<string> {
  return createHash("sha1")
    .update(await mustReadVm(node, vmid))
    .digest("hex");
}

/** Writes a VM's file. Throws `... Permission denied` without quorum, as every write below /etc/pve. */
export async function writeVm(node: PveNode, vmid: number, config: VmConfig): Promise<void> {
  await setContents(node, vmPath(node, vmid), formatVmConfig(config), 0o640);
}

/** Takes a VM's file away: its number is free again. */
export async function removeVm(node: PveNode, vmid: number): Promise<void> {
  await rm(at(node, vmPath(node, vmid)));
}

/** Moves a VM's file to another member, which owns it from then on. */
export async function moveVm(node: PveNode, vmid: number, target: string): Promise<void> {
  await rename(at(node, vmPath(node, vmid)), at(node, `/etc/pve/nodes/${target}/qemu-server/${vmid}.conf`));
}

export async function vmExists(node: PveNode, vmid: number): Promise<boolean> {
  return await exists(node, vmPath(node, vmid));
}

/** One program at a time changes a VM: a file lock of this host, waited for 10 s. */
export async function withVmLock<T>(node: PveNode, vmid: number, code: () => Promise<T>): Promise<T> {
  await makeFolder(node, "/var/lock/qemu-server");
  return await withFileLock(node, `/var/lock/qemu-server/lock-${vmid}.conf`, code);
}

/** Changes a VM's file under its lock; gives what was written. */
export async function changeVm(
  node: PveNode,
  vmid: number,
  change: (config: VmConfig) => VmConfig | Promise<VmConfig>,
): Promise<VmConfig> {
  return await withVmLock(node, vmid, async () => {
    const changed = await change(await loadVm(node, vmid));
    await writeVm(node, vmid, changed);
    return changed;
  });
}

/** Throws `VM is locked (backup)` for the `lock:` line that a task holds, or left behind. */
export function assertUnlocked({ current }: VmConfig): void {
  if (current.lock !== undefined) throw new PveError(`VM is locked (${current.lock})`);
}

export function isTemplate({ current }: VmConfig): boolean {
  return current.template === "1";
}

/** A section without its `lock:` line. */
export function unlocked(section: Section): Section {
  return without(section, "lock");
}

function vmPath(node: PveNode, vmid: number): `/${string}` {
  return `/etc/pve/nodes/${node.name}/qemu-server/${vmid}.conf`;
}

async function mustReadVm(node: PveNode, vmid: number): Promise<string> {
  const text = await readText(node, vmPath(node, vmid));
  if (text !== undefined) return text;
  const path = `nodes/${node.name}/qemu-server/${vmid}.conf`;
  throw new PveError(`Configuration file '${path}' does not exist`, { exitCode: 2 });
}
