import type { Place } from "../cluster/facts.ts";
import { guestsOnTheWay, inProvidersNat } from "../cluster/underlay.ts";
import { type ClockKept, readClockKept } from "../host/clock-kept.ts";
import { readFreeBytes } from "../host/free-disk.ts";
import type { Reader } from "../host/host.ts";
import { type Network, readNetwork } from "../host/network.ts";
import { readGuestMacs } from "../proxmox/guest-macs.ts";
import { sections } from "../proxmox/own-config.ts";
import { readTailnet } from "../tailnet/facts.ts";

/** What else of this host matters before it is clustered; printed by --json. */
export interface HostFacts {
  /** What its node name resolves to now, without loopback addresses. */
  readonly resolvesTo: readonly string[];
  readonly guests: number | undefined;
  readonly storages: readonly string[];
  readonly haResources: readonly string[];
  readonly qdevice: boolean;
  readonly ceph: boolean;
  /** The datacenter's firewall is switched on. */
  readonly firewall: boolean;
  readonly clock: ClockKept;
  /** Where copies of /etc/pve go; undefined when nobody could tell. */
  readonly freeBytes: number | undefined;
  /** What of its own network lies in 100.64.0.0/10 and would be cut off by tailscaled's firewall, in words. */
  readonly providersNat: readonly string[];
  /** Gateways and name servers that are guests of this very host, in words. */
  readonly routerGuests: readonly string[];
}

/** Looks at all of it at once; changes nothing. */
export async function readHostFacts(reader: Reader, node: string, place: Place): Promise<HostFacts> {
  const pve = async (path: string) => (await reader.text(`/etc/pve/${path}`)) ?? "";
  const [resolvesTo, storages, resources, ceph, firewall, clock, freeBytes, network, macs, tailnet] =
    await Promise.all([
      resolve(reader, node),
      pve("storage.cfg"),
      pve("ha/resources.cfg"),
      reader.text("/etc/pve/ceph.conf"),
      pve("firewall/cluster.fw"),
      readClockKept(reader),
      readFreeBytes(reader, "/var/lib"),
      readNetwork(reader),
      readGuestMacs(reader, node),
      ownTailnet(reader),
    ]);
  const neighbours = macs.size === 0 ? network.neighbours : await wokenNeighbours(reader, network);
  return {
    resolvesTo,
    guests: place.kind === "standalone" ? place.guests : undefined,
    storages: sections(storages),
    haResources: sections(resources),
    qdevice: place.kind === "member" && place.cluster.qdevice,
    ceph: ceph !== undefined,
    firewall: isFirewallOn(firewall),
    clock,
    freeBytes,
    providersNat: tailnet.filters ? inProvidersNat({ ...network, ownTailnet: tailnet.addresses }) : [],
    routerGuests: guestsOnTheWay(network, neighbours, macs),
  };
}

/** `enable: 1` in the options of the datacenter's firewall (proxmox.md 14). */
export function isFirewallOn(text: string): boolean {
  const options = /^\[OPTIONS\][^\n]*\n([^[]*)/im.exec(text)?.[1] ?? "";
  return /^[ \t]*enable:[ \t]*1\b/m.test(options);
}

async function resolve(reader: Reader, node: string): Promise<string[]> {
  const { stdout } = await reader.run(["getent", "ahosts", node], { timeoutMs: 10_000 });
  const addresses = stdout.split("\n").flatMap((line) => line.split(/\s+/)[0] || []);
  return [...new Set(addresses)].filter((address) => !address.startsWith("127.") && address !== "::1");
}

/** A neighbour that was quiet for long is forgotten: one echo brings it back, if it is one. */
async function wokenNeighbours(reader: Reader, network: Network): Promise<Network["neighbours"]> {
  const wanted = [...network.gateways, ...network.resolvers];
  const missing = wanted.filter((address) => !network.neighbours.has(address) && /^[\d.]+$/.test(address));
  if (missing.length === 0) return network.neighbours;
  await Promise.all(
    missing.map((address) => reader.run(["ping", "-n", "-c", "1", "-W", "1", address], { timeoutMs: 3_000 })),
  );
  return (await readNetwork(reader)).neighbours;
}

/** Its tailnet addresses, and whether tailscaled filters packets; it will, where it is not there yet. */
async function ownTailnet(reader: Reader): Promise<{ addresses: readonly string[]; filters: boolean }> {
  const facts = await readTailnet(reader).catch(() => undefined);
  if (facts?.kind !== "answers") return { addresses: [], filters: true };
  const { self, capabilities } = facts.status;
  const exempt = "disable-linux-cgnat-drop-rule" in capabilities;
  return {
    addresses: self.address === undefined ? [] : [self.address],
    filters: facts.prefs.filtersPackets && !exempt,
  };
}
