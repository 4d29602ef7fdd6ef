import { compareAddresses } from "./address.ts";
import type { Cluster, OwnHost, Peer } from "./facts.ts";

export interface Wishes {
  /** Be the founder, whoever would be elected. */
  readonly create?: boolean;
  /** Join through this peer: its name or address. */
  readonly join?: string;
}

/** What this host should do, or the reason why it must do nothing. */
export type Decision =
  | { readonly kind: "already member"; readonly cluster: Cluster }
  | { readonly kind: "create"; readonly why: string; readonly alone: boolean }
  | { readonly kind: "join"; readonly cluster: Cluster; readonly through: Peer }
  /** The cluster lists this very host, which is standalone: an earlier join was undone here alone. */
  | { readonly kind: "own entry"; readonly cluster: Cluster; readonly through: Peer }
  | {
      readonly kind: "not founder";
      readonly founder: { name: string; address: string };
      readonly why: string;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export type Refusal =
  | { readonly why: "other cluster"; readonly own: Cluster; readonly other: Cluster }
  | { readonly why: "peer not found"; readonly wanted: string }
  | { readonly why: "peer standalone"; readonly peer: Peer }
  | { readonly why: "peers unknown"; readonly peers: readonly Peer[] }
  | { readonly why: "several clusters"; readonly clusters: readonly Cluster[] }
  | { readonly why: "several hosts with guests"; readonly names: readonly string[] }
  | { readonly why: "own guests"; readonly guests: number; readonly cluster: Cluster }
  | { readonly why: "ceph"; readonly cluster: Cluster }
  | { readonly why: "name taken"; readonly cluster: Cluster }
  | { readonly why: "qdevice"; readonly cluster: Cluster }
  | { readonly why: "cluster not whole"; readonly cluster: Cluster }
  | { readonly why: "link0 elsewhere"; readonly cluster: Cluster; readonly links: readonly string[] }
  | { readonly why: "peers unreachable"; readonly peers: readonly Peer[] };

/** Decides from facts alone. A peer that did not answer is never taken for a standalone one. */
export function decide(own: OwnHost, peers: readonly Peer[], wishes: Wishes): Decision {
  if (own.place.kind === "member") return asMember(own.place.cluster, peers, wishes);
  const clusters = clustersOf(peers);
  if (wishes.join !== undefined) return joinNamed(own, own.place.guests, peers, wishes.join);
  if (clusters.length > 1) return refuse({ why: "several clusters", clusters });
  const [cluster] = clusters;
  return cluster
    ? join(own, own.place.guests, peers, cluster)
    : electFounder(own, own.place.guests, peers, wishes.create ?? false);
}

function asMember(cluster: Cluster, peers: readonly Peer[], wishes: Wishes): Decision {
  const wanted = wishes.join === undefined ? undefined : findPeer(peers, wishes.join)?.verdict;
  return wanted?.kind === "member" && !isSame(wanted.cluster, cluster)
    ? refuse({ why: "other cluster", own: cluster, other: wanted.cluster })
    : { kind: "already member", cluster };
}

function joinNamed(own: OwnHost, guests: number, peers: readonly Peer[], wanted: string): Decision {
  const peer = findPeer(peers, wanted);
  if (!peer) return refuse({ why: "peer not found", wanted });
  if (peer.verdict.kind === "unknown") return refuse({ why: "peers unknown", peers: [peer] });
  if (peer.verdict.kind === "standalone") return refuse({ why: "peer standalone", peer });
  return join(own, guests, peers, peer.verdict.cluster, peer);
}

function join(
  own: OwnHost,
  guests: number,
  peers: readonly Peer[],
  cluster: Cluster,
  named?: Peer,
): Decision {
  const isMember = (peer: Peer) => cluster.members.some((member) => member.link0 === peer.address);
  const members = peers.filter(isMember);
  const listed = cluster.members.find((member) => sameName(member.name, own.node));
  // Nobody else can have this host's tailnet address. Before votes are judged: its entry alone may cost quorum.
  if (listed?.link0 === own.address) {
    const through = named ?? nearest(members.filter((peer) => peer.way !== undefined));
    return through
      ? { kind: "own entry", cluster, through }
      : refuse({ why: "peers unknown", peers: members });
  }
  const unreachable = members.filter((peer) => peer.obstacles.length > 0);
  const foreign = cluster.members.filter((member) => !members.some((peer) => peer.address === member.link0));
  if (listed) return refuse({ why: "name taken", cluster });
  if (cluster.qdevice) return refuse({ why: "qdevice", cluster });
  if (guests > 0) return refuse({ why: "own guests", guests, cluster });
  if (own.ceph) return refuse({ why: "ceph", cluster });
  if (!cluster.quorate || cluster.presentVotes < cluster.expectedVotes) {
    return refuse({ why: "cluster not whole", cluster });
  }
  if (foreign.length > 0) {
    return refuse({ why: "link0 elsewhere", cluster, links: foreign.map((member) => member.link0) });
  }
  if (unreachable.length > 0) return refuse({ why: "peers unreachable", peers: unreachable });
  const through = named ?? nearest(members.filter((peer) => peer.way !== undefined));
  return through ? { kind: "join", cluster, through } : refuse({ why: "peers unknown", peers: members });
}

function electFounder(own: OwnHost, guests: number, peers: readonly Peer[], insists: boolean): Decision {
  const unknown = peers.filter((peer) => peer.verdict.kind === "unknown");
  if (unknown.length > 0) return refuse({ why: "peers unknown", peers: unknown });
  const unreachable = peers.filter((peer) => peer.obstacles.length > 0);
  if (unreachable.length > 0) return refuse({ why: "peers unreachable", peers: unreachable });
  const candidates = [
    { name: own.node, address: own.address, guests },
    ...peers.map(({ name, address, verdict }) => ({
      name,
      address,
      guests: verdict.kind === "standalone" ? verdict.guests : 0,
    })),
  ].sort((a, b) => compareAddresses(a.address, b.address));
  const withGuests = candidates.filter((candidate) => candidate.guests > 0);
  if (withGuests.length > 1) {
    return refuse({ why: "several hosts with guests", names: withGuests.map(({ name }) => name) });
  }
  // A host with guests cannot join (proxmox.md 4.2), so it must be the one that founds.
  const founder = withGuests[0] ?? candidates[0];
  const why = withGuests[0] ? "it is the only host with guests" : "it has the lowest tailnet address";
  if (!founder || founder.address === own.address) {
    return {
      kind: "create",
      alone: peers.length === 0,
      why: peers.length === 0 ? "no peer is visible" : why,
    };
  }
  if (insists) {
    const shutOut = withGuests[0] ? `, though ${founder.name} has guests and cannot join while it has` : "";
    return { kind: "create", alone: false, why: `--create was given${shutOut}` };
  }
  return { kind: "not founder", founder, why };
}

function refuse(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}

/** Peers of one cluster report the same one: one entry each, the report of the quorate part first. */
function clustersOf(peers: readonly Peer[]): Cluster[] {
  const clusters: Cluster[] = [];
  const reports = peers.flatMap(({ verdict }) => (verdict.kind === "member" ? [verdict.cluster] : []));
  for (const cluster of reports.sort((a, b) => Number(b.quorate) - Number(a.quorate))) {
    if (!clusters.some((other) => isSame(cluster, other))) clusters.push(cluster);
  }
  return clusters;
}

/** Two clusters may bear one name: they are one only when they share a member. */
function isSame(a: Cluster, b: Cluster): boolean {
  return (
    a.name === b.name &&
    a.members.some((one) => b.members.some((two) => one.name === two.name && one.link0 === two.link0))
  );
}

function findPeer(peers: readonly Peer[], wanted: string): Peer | undefined {
  return peers.find((peer) => peer.address === wanted || sameName(peer.name, wanted));
}

/** Tailscale writes names in lower case, Proxmox keeps what the installer was told. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function nearest(peers: readonly Peer[]): Peer | undefined {
  return [...peers].sort((a, b) => (a.rttMs ?? Infinity) - (b.rttMs ?? Infinity))[0];
}
