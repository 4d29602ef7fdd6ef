import type { ApiMethod } from "../api/schema.ts";
import { sshToMember } from "../cluster/ssh.ts";
import { remoteNodeAddress } from "../node/addresses.ts";
import type { PveNode } from "../node/pve-node.ts";
import { become } from "./become.ts";

/**
 * A call for another member goes there by ssh, not by HTTP (proxmox.md 11): gives its exit status.
 * undefined for calls of this node.
 */
export async function runOnMember(
  node: PveNode,
  method: ApiMethod,
  words: readonly string[],
): Promise<number | undefined> {
  const target = method.proxyTo === "node" ? method.pathParams.node : undefined;
  if (target === undefined || target === node.name || target === "localhost") return undefined;
  const address = await remoteNodeAddress(node, target);
  return await become([...sshToMember(node, target, address), ...words.map(quoted)]);
}

/** ssh hands its words to a shell there. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
