import type { Place } from "../../cluster/facts.ts";
import { knetStats, parseCmap } from "../../corosync/cmap.ts";
import type { Host } from "../../host/host.ts";
import { askRendezvous } from "../../rendezvous/ask.ts";
import type { TailnetNode } from "../../tailnet/status.ts";
import type { Presence } from "../presence.ts";
import { type Findings, judge } from "./judge.ts";
import type { Named } from "./names.ts";
import { type Eyes, type Sights, tryPeer } from "./sights.ts";

/** A peer that is visible on the tailnet and has an address there. */
export type VisiblePeer = TailnetNode & { readonly address: string };

/** What was seen between this host and one peer, and what it comes to. */
export type Reach = Sights & Findings;

export interface ReachedPeer {
  readonly node: Pick<VisiblePeer, "name" | "address">;
  readonly reach: Reach;
}

/** This host, as far as peers are held against it. */
export interface Own {
  readonly node: string;
  readonly pve: string;
  readonly address: string;
  readonly place: Place;
  readonly tag: string;
}

/**
 * Tries all peers at once; under 10 s whatever their number. `show` may begin something with a peer meanwhile. Changes
 * nothing. Throws E_TOOL_MISSING.
 */
export async function preflight(
  host: Host,
  own: Own,
  peers: readonly VisiblePeer[],
  presence: Pick<Presence, "ask"> | undefined,
  show?: Eyes["show"],
): Promise<ReachedPeer[]> {
  const ask = presence?.ask ?? ((address: string) => askRendezvous(own.address, address));
  const eyes: Eyes = { host, ask, members: await fellowMembers(host, own), show };
  const tried = await Promise.all(peers.map(async (node) => ({ node, sights: await tryPeer(eyes, node) })));
  return judged(own, tried);
}

/** All of them judged anew, since one peer's name matters to the others. */
export function judged(
  own: Own,
  seen: readonly { readonly node: ReachedPeer["node"]; readonly sights: Sights }[],
): ReachedPeer[] {
  const here: Named = { name: "this host", address: own.address, node: own.node };
  const named = seen.map(({ node, sights }) => ({ ...node, node: sights.node }));
  return seen.map(({ node, sights }, index) => {
    const peer = { ...node, node: sights.node };
    const others = [here, ...named.filter((_, other) => other !== index)];
    return { node, reach: { ...sights, ...judge(sights, { tag: own.tag, ownPve: own.pve, peer, others }) } };
  });
}

/** The other members, with what corosync here says of its links to them; none on a host in no cluster. */
async function fellowMembers(host: Host, { place, node }: Own): Promise<Eyes["members"]> {
  if (place.kind !== "member") return new Map();
  const { stdout } = await host.run(["corosync-cmapctl", "-m", "stats"], { timeoutMs: 10_000 });
  const stats = knetStats(parseCmap(stdout));
  const others = place.cluster.members.filter(({ name }) => name !== node);
  return new Map(others.map(({ id, name, link0 }) => [link0, { node: name, knet: stats.get(id) }]));
}
