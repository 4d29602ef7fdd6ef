import { compareAddresses } from "./address.ts";
import type { Decision, Founder, Refusal, Wishes } from "./decide.ts";
import type { OwnHost, Peer } from "./facts.ts";
import { findPeer } from "./names.ts";

/** There is no cluster yet: every peer must be known to be standalone, and all hosts elect the same founder. */
export function electFounder(
  own: OwnHost,
  guests: number,
  peers: readonly Peer[],
  { create: insists = false, without: names = [] }: Wishes,
): Decision {
  const stray = names.find((name) => findPeer(peers, name) === undefined);
  if (stray !== undefined) return refuse({ why: "peer not found", wanted: stray });
  const named = names.map((name) => findPeer(peers, name));
  // One that answers takes part in the election all the same: it elects, too.
  const without = peers.filter((peer) => named.includes(peer) && !(isKnown(peer) && isReached(peer)));
  const voters = peers.filter((peer) => !without.includes(peer));
  const unknown = voters.filter((peer) => !isKnown(peer));
  if (unknown.length > 0) return refuse({ why: "peers unknown", peers: unknown });
  const candidates = [{ name: own.node, address: own.address, guests }, ...voters.map(candidate)].sort(
    (a, b) => compareAddresses(a.address, b.address),
  );
  const withGuests = candidates.filter((one) => one.guests > 0);
  if (withGuests.length > 1) {
    return refuse({ why: "several hosts with guests", names: withGuests.map(({ name }) => name) });
  }
  // A host with guests cannot join (proxmox.md 4.2), so it must be the one that founds.
  const founder = withGuests[0] ?? candidates[0];
  const isOwn = founder === undefined || founder.address === own.address;
  const why = withGuests[0] ? "it is the only host with guests" : "it has the lowest tailnet address";
  const elected: Founder = isOwn ? { name: own.node, address: own.address } : founderOf(founder);
  const dissent = voters.filter(({ elects }) => elects !== undefined && elects !== elected.address);
  const waits = !isOwn && !insists;
  // Who waits for the founder need not reach the others yet.
  const matter = waits ? voters.filter(({ address }) => address === elected.address) : voters;
  const unreachable = matter.filter((peer) => !isReached(peer));
  if (unreachable.length > 0) return refuse({ why: "peers unreachable", peers: unreachable });
  if (waits) return { kind: "not founder", founder: elected, why, dissent };
  if (dissent.length > 0 && !insists) return refuse({ why: "other founder", founder: elected, dissent });
  const create = { kind: "create", alone: peers.length === 0, without } as const;
  if (!isOwn) {
    const shutOut = withGuests[0] ? `, though ${founder.name} has guests and cannot join while it has` : "";
    return { ...create, why: `--create was given${shutOut}` };
  }
  return { ...create, why: create.alone ? "no peer is visible" : why };
}

function isKnown({ verdict }: Peer): boolean {
  return verdict.kind !== "unknown";
}

function isReached({ obstacles }: Peer): boolean {
  return obstacles.length === 0;
}

function founderOf({ name, address }: Founder): Founder {
  return { name, address };
}

function candidate({ name, address, verdict }: Peer) {
  return { name, address, guests: verdict.kind === "standalone" ? verdict.guests : 0 };
}

function refuse(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}
