import { clustersOf, isSameCluster, staying } from "./clusters.ts";
import { electFounder } from "./elect-founder.ts";
import type { Cluster, OwnHost, Peer } from "./facts.ts";
import { joinOrRefuse } from "./join-or-refuse.ts";
import { linkElsewhere } from "./link-elsewhere.ts";
import { findPeer } from "./names.ts";

export interface Wishes {
  /** Be the founder, whoever would be elected. */
  readonly create?: boolean;
  /** Join through this peer: its name or address. */
  readonly join?: string;
  /** Create though nothing is known of these peers, or no way leads to them: names or addresses. */
  readonly without?: readonly string[];
}

/** What this host should do, or the reason why it must do nothing. */
export type Decision =
  | { readonly kind: "already member"; readonly cluster: Cluster }
  | {
      readonly kind: "create";
      readonly why: string;
      readonly alone: boolean;
      /** Peers that are passed over, as it was wished. */
      readonly without: readonly Peer[];
    }
  | {
      readonly kind: "join";
      readonly cluster: Cluster;
      readonly through: Peer;
      /** The provisional cluster of this host alone, which is dissolved before. */
      readonly leaves?: Cluster;
    }
  /** The cluster lists this very host, which is standalone: an earlier join was undone here alone. */
  | { readonly kind: "own entry"; readonly cluster: Cluster; readonly through: Peer }
  | {
      readonly kind: "not founder";
      readonly founder: Founder;
      readonly why: string;
      /** Peers that would elect another one. */
      readonly dissent: readonly Peer[];
    }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export interface Founder {
  readonly name: string;
  readonly address: string;
}

export type Refusal =
  | { readonly why: "other cluster"; readonly own: Cluster; readonly other: Cluster }
  | {
      readonly why: "address changed";
      readonly cluster: Cluster;
      readonly listed: string;
      readonly now: string;
    }
  | { readonly why: "own lan cluster"; readonly cluster: Cluster; readonly listed: string }
  | { readonly why: "peer not found"; readonly wanted: string }
  | { readonly why: "peer standalone"; readonly peer: Peer }
  | { readonly why: "peers unknown"; readonly peers: readonly Peer[] }
  | { readonly why: "several clusters"; readonly clusters: readonly Cluster[] }
  | { readonly why: "several hosts with guests"; readonly names: readonly string[] }
  | { readonly why: "other founder"; readonly founder: Founder; readonly dissent: readonly Peer[] }
  | { readonly why: "own guests"; readonly guests: number; readonly cluster: Cluster }
  | { readonly why: "ceph"; readonly cluster: Cluster }
  | { readonly why: "name taken"; readonly cluster: Cluster }
  | { readonly why: "qdevice"; readonly cluster: Cluster }
  | { readonly why: "cluster not whole"; readonly cluster: Cluster }
  | { readonly why: "more links"; readonly cluster: Cluster; readonly links: number }
  | { readonly why: "lan cluster"; readonly cluster: Cluster; readonly links: readonly string[] }
  | { readonly why: "link0 elsewhere"; readonly cluster: Cluster; readonly links: readonly string[] }
  | { readonly why: "no shell"; readonly peer: Peer }
  | { readonly why: "peers unreachable"; readonly peers: readonly Peer[] };

/** Decides from facts alone. A peer that did not answer is never taken for a standalone one. */
export function decide(own: OwnHost, peers: readonly Peer[], wishes: Wishes): Decision {
  if (own.place.kind === "member") return asMember(own, own.place.cluster, peers, wishes);
  const { guests } = own.place;
  if (wishes.join !== undefined) return joinNamed(own, guests, peers, wishes.join);
  const clusters = staying(clustersOf(peers));
  if (clusters.length > 1) return refuse({ why: "several clusters", clusters });
  const [cluster] = clusters;
  return cluster ? joinOrRefuse(own, guests, peers, cluster) : electFounder(own, guests, peers, wishes);
}

/** The tailnet address of the founder by this decision; undefined where none is elected. */
export function electedBy(own: Pick<OwnHost, "address">, decision: Decision): string | undefined {
  if (decision.kind === "create") return own.address;
  return decision.kind === "not founder" ? decision.founder.address : undefined;
}

function asMember(own: OwnHost, cluster: Cluster, peers: readonly Peer[], wishes: Wishes): Decision {
  const elsewhere = linkElsewhere(own, cluster);
  if (elsewhere) return refuse(elsewhere);
  const settled = { kind: "already member", cluster } as const;
  if (wishes.join !== undefined) {
    const named = findPeer(peers, wishes.join);
    if (named?.verdict.kind !== "member" || isSameCluster(named.verdict.cluster, cluster)) return settled;
    const other = named.verdict.cluster;
    if (!cluster.provisional) return refuse({ why: "other cluster", own: cluster, other });
    return leaving(cluster, joinOrRefuse(own, 0, peers, other, named));
  }
  if (!cluster.provisional) return settled;
  const others = clustersOf(peers).filter((other) => !isSameCluster(other, cluster));
  const clusters = staying([cluster, ...others]);
  const [other] = clusters;
  if (!other || clusters.includes(cluster)) return settled;
  if (clusters.length > 1) return refuse({ why: "several clusters", clusters });
  return leaving(cluster, joinOrRefuse(own, 0, peers, other));
}

function leaving(leaves: Cluster, decision: Decision): Decision {
  return decision.kind === "join" ? { ...decision, leaves } : decision;
}

function joinNamed(own: OwnHost, guests: number, peers: readonly Peer[], wanted: string): Decision {
  const peer = findPeer(peers, wanted);
  if (!peer) return refuse({ why: "peer not found", wanted });
  if (peer.verdict.kind === "unknown") return refuse({ why: "peers unknown", peers: [peer] });
  if (peer.verdict.kind === "standalone") return refuse({ why: "peer standalone", peer });
  return joinOrRefuse(own, guests, peers, peer.verdict.cluster, peer);
}

function refuse(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}
