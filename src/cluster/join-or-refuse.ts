import type { Decision, Refusal } from "./decide.ts";
import type { Cluster, OwnHost, Peer } from "./facts.ts";
import { sameName } from "./names.ts";

/** Joins this cluster, through the named peer or the nearest that lets this host in; or says why not. */
export function joinOrRefuse(
  own: OwnHost,
  guests: number,
  peers: readonly Peer[],
  cluster: Cluster,
  named?: Peer,
): Decision {
  const members = peers.filter((peer) => cluster.members.some((member) => member.link0 === peer.address));
  const through = named ?? nearest(members.filter((peer) => peer.way !== undefined));
  const listed = cluster.members.find((member) => sameName(member.name, own.node));
  // Nobody else can have this host's tailnet address. Before votes are judged: its entry alone may cost quorum.
  if (listed?.link0 === own.address) {
    return through
      ? { kind: "own entry", cluster, through }
      : refuse({ why: "peers unknown", peers: members });
  }
  const refusal = listed
    ? ({ why: "name taken", cluster } as const)
    : (objection(own, guests, cluster) ?? wayBarred(members, cluster));
  if (refusal) return refuse(refusal);
  return through ? { kind: "join", cluster, through } : refuse({ why: "peers unknown", peers: members });
}

/** What of the cluster or of this host speaks against it. */
function objection(own: OwnHost, guests: number, cluster: Cluster): Refusal | undefined {
  const { links = 1 } = cluster;
  if (cluster.qdevice) return { why: "qdevice", cluster };
  if (guests > 0) return { why: "own guests", guests, cluster };
  if (own.ceph) return { why: "ceph", cluster };
  if (links > 1) return { why: "more links", cluster, links };
  if (!cluster.quorate || cluster.presentVotes < cluster.expectedVotes) {
    return { why: "cluster not whole", cluster };
  }
  return undefined;
}

/** What is not seen, or does not answer. */
function wayBarred(members: readonly Peer[], cluster: Cluster): Refusal | undefined {
  const foreign = cluster.members.filter(({ link0 }) => !members.some(({ address }) => address === link0));
  const links = foreign.map(({ link0 }) => link0);
  // The peer that told of this cluster is a member, and visible: its link 0 is elsewhere, too.
  if (members.length === 0) return { why: "lan cluster", cluster, links };
  if (foreign.length > 0) return { why: "link0 elsewhere", cluster, links };
  // The lock that keeps joins apart lies there, and the way to undo a join leads through a shell.
  const keeper = members.find(({ address }) => address === cluster.members[0]?.link0);
  const barred = keeper && !keeper.shell ? keeper : undefined;
  // What is only unproven may be proven once there is a shell.
  const unreachable = members.filter(({ obstacles, unproven }) =>
    obstacles.some((one) => !(barred && unproven.includes(one))),
  );
  if (unreachable.length > 0) return { why: "peers unreachable", peers: unreachable };
  return barred ? { why: "no shell", peer: barred } : undefined;
}

/** By round trip, among those with a shell where there is one. */
function nearest(peers: readonly Peer[]): Peer | undefined {
  const open = peers.filter(({ shell }) => shell);
  const rtt = ({ rttMs }: Peer) => rttMs ?? Number.MAX_VALUE;
  return [...(open.length > 0 ? open : peers)].sort((a, b) => rtt(a) - rtt(b))[0];
}

function refuse(refusal: Refusal): Decision {
  return { kind: "refused", refusal };
}
