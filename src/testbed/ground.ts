import type { Host, Writer } from "../host/host.ts";
import { type HostKey, sshTransport } from "../host/ssh.ts";
import { readOwnNode } from "../proxmox/own-node.ts";

/** The Proxmox host on which a testbed stands. */
export interface Ground {
  readonly host: Host;
  readonly node: string;
  readonly pve: string;
  /** This machine as a carrier into VMs: what is run by it there passes `host.other` first. */
  readonly carrier: Writer;
  readonly ssh: (name: string, address: string, key: HostKey) => Writer;
}

/** Throws E_NOT_PVE where there are no VMs of Proxmox to be had. */
export async function openGround(host: Host, carrier: Writer): Promise<Ground> {
  const node = await readOwnNode(host);
  return { host, node: node.name, pve: node.pve.version, carrier, ssh: sshTransport };
}
