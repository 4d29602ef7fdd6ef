import type { Reader } from "../host/host.ts";

/**
 * The address that pmxcfs resolved for itself when it last started, from its journal; undefined when the
 * journal does not say. It keeps that address until it is restarted, whatever /etc/hosts says since.
 * Source: proxmox.md 1.
 */
export async function readPublishedAddress(reader: Reader, node: string): Promise<string | undefined> {
  const argv = ["journalctl", "--no-pager", "-b", "-o", "cat", "-u", "pve-cluster", "-n", "200"] as const;
  const { stdout } = await reader.run(argv, { timeoutMs: 15_000 });
  return parsePublishedAddress(stdout, node);
}

/** The last line of the journal that names the address of this node. */
export function parsePublishedAddress(journal: string, node: string): string | undefined {
  const lines = [...journal.matchAll(/resolved node name '([^']+)' to '([^']+)'/g)];
  return lines.filter(([, name]) => name === node).at(-1)?.[2];
}
