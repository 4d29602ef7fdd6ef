import { lstat } from "node:fs/promises";
import { PveError } from "../errors.ts";
import { at, type PveNode } from "./pve-node.ts";

/** true when /etc/pve is mounted and this node may write: the link `local` carries write bits (proxmox.md 2). */
export async function isQuorate(node: PveNode): Promise<boolean> {
  const local = await lstat(at(node, "/etc/pve/local")).catch(() => undefined);
  return local !== undefined && (local.mode & 0o200) !== 0;
}

/** Throws `cluster not ready - no quorum?` unless this node may write. */
export async function assertQuorate(node: PveNode): Promise<void> {
  if (!(await isQuorate(node))) throw new PveError("cluster not ready - no quorum?");
}
