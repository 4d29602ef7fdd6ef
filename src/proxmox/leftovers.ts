import type { Reader } from "../host/host.ts";

/** What an earlier cluster left on a standalone host: pvecm refuses with it (proxmox.md 4.2, 8.1). */
export async function readLeftovers(reader: Reader, node: string): Promise<string[]> {
  const [corosync, nodes] = await Promise.all([reader.list("/etc/corosync"), reader.list("/etc/pve/nodes")]);
  const files = corosync
    .filter((name) => name === "authkey" || name === "corosync.conf")
    .map((name) => `/etc/corosync/${name}`);
  return [...files, ...nodes.filter((name) => name !== node).map((name) => `/etc/pve/nodes/${name}`)];
}
