import { isIP } from "node:net";
import { z } from "zod";
import { run } from "../../../src/host/run.ts";
import { PveError } from "../errors.ts";
import { readText } from "./files.ts";
import { readMembers } from "./members.ts";
import type { PveNode } from "./pve-node.ts";

/** The first address of a node's name that is no loopback, by the system's resolver (proxmox.md 1). */
export async function nodeAddress(name: string): Promise<string> {
  const addresses = await resolve(name);
  if (!addresses) {
    throw new PveError(
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    );
  }
  const address = addresses.find((each) => !isLoopback(each));
  if (!address) throw new PveError(`address lookup for '${name}' did not find any IP address`);
  return address;
}

/** Every address of a name, in the resolver's order; undefined when it is unknown. */
export async function resolve(name: string): Promise<string[] | undefined> {
  if (isIP(name)) return [name];
  // getent and not the runtime's own resolver: the latter caches, and /etc/hosts must count at once.
  const found = await run(["getent", "ahosts", name], { timeoutMs: 30_000 });
  if (found.exitCode !== 0) return undefined;
  return [...new Set(found.stdout.split("\n").flatMap((line) => line.split(/\s+/, 1)))].filter((each) =>
    isIP(each),
  );
}

/** A member's published address; without one the name is resolved here (proxmox.md 1, remote_node_ip). */
export async function remoteNodeAddress(node: PveNode, name: string): Promise<string> {
  return (await readMembers(node)).nodelist?.[name]?.ip ?? (await nodeAddress(name));
}

/** Addresses configured on interfaces that are up, with prefix length, interface name. */
export async function localAddresses(): Promise<{ address: string; interface: string }[]> {
  const shown = await run(["ip", "-json", "address", "show", "up"], { timeoutMs: 10_000 });
  return interfaces
    .parse(JSON.parse(shown.stdout || "[]"))
    .flatMap((each) => each.addr_info.map((info) => ({ address: info.local, interface: each.ifname })));
}

/** The first domain of `search` or `domain` in /etc/resolv.conf. */
export async function searchDomain(node: PveNode): Promise<string | undefined> {
  const text = (await readText(node, "/etc/resolv.conf")) ?? "";
  return /^\s*(?:search|domain)\s+(\S+)/m.exec(text)?.[1]?.replace(/\.$/, "");
}

const interfaces = z.array(
  z.object({ ifname: z.string(), addr_info: z.array(z.object({ local: z.string() })).default([]) }),
);

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
