import { inTailnetRange } from "../../cluster/underlay.ts";
import { covers, type Prefix, parsePrefix } from "../../policy/prefix.ts";
import type { FirewallFile } from "../../proxmox/firewall.ts";

/** Somebody who reaches this host now, and must still when its node name has become its tailnet address. */
export interface Visitor {
  /** Such as "this host's LAN" or "you". */
  readonly who: string;
  /** An address or a network. */
  readonly from: string;
}

/** What will be in force: the cluster's file, and that of this host's own node in it. */
export interface Firewall {
  readonly cluster: FirewallFile;
  readonly host: FirewallFile;
  /** Tailscale's rules come first and let everything in from its interface (--netfilter-mode=on). */
  readonly tailscaleFirst: boolean;
}

/**
 * Those of them that it would shut out. Proxmox lets in the network of the node's address by itself, and with an address
 * of the tailnet there is none: then only the set `management` counts. Source: proxmox.md 14.
 */
export function shutOut(
  { cluster, host, tailscaleFirst }: Firewall,
  visitors: readonly Visitor[],
): Visitor[] {
  const drops = (cluster.policyIn ?? "DROP") !== "ACCEPT";
  if (cluster.enabled !== true || host.enabled === false || !drops) return [];
  // The engine on nftables has tables of its own, where a drop is final whatever Tailscale accepts.
  const tunnelIsOpen = tailscaleFirst && !host.nftables;
  return visitors.filter(({ from }) => {
    const wanted = parsePrefix(from);
    if (!wanted) return false;
    if (tunnelIsOpen && inTailnetRange(from.split("/")[0] ?? "")) return false;
    return !letsIn(cluster, wanted);
  });
}

function letsIn({ management, excepted }: FirewallFile, wanted: Prefix): boolean {
  const overlaps = (other: Prefix) => covers(other, wanted) || covers(wanted, other);
  return management.some((network) => covers(network, wanted)) && !excepted.some(overlaps);
}
