import { openNode, type PveNode } from "../node/pve-node.ts";

/** This node; almost every command fails while pmxcfs is down (proxmox.md 0, rule D's end). */
export async function openUp(): Promise<PveNode> {
  const node = await openNode();
  await node.pmxcfs.assertUp();
  return node;
}
