import type { Cluster } from "../cluster/facts.ts";
import { type LatencyMatrix, parseLatencyMatrix } from "../cluster/latency-matrix.ts";
import { rttFigures } from "../latency/figures.ts";
import { matrixFile } from "../latency/matrix-file.ts";
import type { MeasuredLink } from "../latency/measure.ts";
import { gentlePace } from "../latency/pace.ts";
import { type HostSights, probeFrom, type Sight } from "../latency/probe-host.ts";
import type { KnownPeer } from "./ask-peers.ts";
import type { Company } from "./options.ts";

/** This host as the others will know it. */
export interface Joiner {
  readonly name: string;
  readonly address: string;
}

/**
 * The links of the cluster that this host joins: its own are the preflight's, those between the members are theirs,
 * asked of all that let it in by ssh at once. The joiner comes last and has no nodeid yet; what nobody measured is
 * not in it, and a pair through which nothing came has loss 1. Takes some 3 s with two members or more, less where
 * `lookAround` has begun it; changes nothing.
 */
export async function measureJoinLinks(
  cluster: Cluster,
  self: Joiner,
  known: readonly KnownPeer[],
  { talk }: Pick<Company, "talk">,
): Promise<LatencyMatrix> {
  const { members } = cluster;
  let links = ownLinks(cluster, self, known);
  if (members.length > 1) {
    const phase = talk.phase("Ring", "asking the members how far they are from each other (usually 3 s)");
    const theirs = await membersLinks(cluster, known);
    phase.ok(`${theirs.length} ways between ${members.length} members measured`);
    links = [...links, ...theirs];
  }
  const hosts = [
    ...members.map(({ name, id }) => ({ name, nodeid: id })),
    { name: self.name, nodeid: undefined },
  ];
  // As a file would be: what a measurement leaves open is judged in one place.
  return sizesBothWays(parseLatencyMatrix(JSON.stringify(matrixFile({ hosts, links })), "the measurement"));
}

/** An echo comes back as large as it went. */
function sizesBothWays({ hosts, links }: LatencyMatrix): LatencyMatrix {
  const sized = links.map((row, from) =>
    row.map((link, to) => {
      const mtu = link?.mtu ?? links[to]?.[from]?.mtu;
      return link && { ...link, ...(mtu !== undefined && { mtu }) };
    }),
  );
  return { hosts, links: sized };
}

function ownLinks({ members }: Cluster, self: Joiner, known: readonly KnownPeer[]): MeasuredLink[] {
  return members.flatMap(({ name, link0 }) => {
    const reach = known.find(({ peer }) => peer.address === link0)?.reach;
    if (!reach) return [];
    const { sent, rttMs } = reach.echoes;
    // Without an echo nothing is known of it: what stops a join is the preflight's business.
    if (rttMs.length === 0) return [];
    return [measured(self.name, name, { sent, rttMs, mtu: reach.packets.largest })];
  });
}

async function membersLinks({ members }: Cluster, known: readonly KnownPeer[]): Promise<MeasuredLink[]> {
  const rows = await Promise.all(
    members.map(async (from): Promise<MeasuredLink[]> => {
      const one = known.find(({ peer }) => peer.address === from.link0);
      const others = members.filter((other) => other !== from);
      const begun = await one?.around;
      const isWhole = others.every(({ link0 }) => begun?.byAddress.has(link0));
      const sights = isWhole ? begun : await (one && probeMembers(one, others));
      return sights ? others.flatMap((to) => linkIn(sights, from.name, to)) : [];
    }),
  );
  return rows.flat();
}

/** Begins to measure what a member sees of the others of its cluster: a join asks for it, after what comes before. */
export function lookAround(one: KnownPeer): KnownPeer {
  const { address, verdict } = one.peer;
  if (verdict.kind !== "member") return one;
  const others = verdict.cluster.members.filter(({ link0 }) => link0 !== address);
  return others.length === 0 ? one : { ...one, around: probeMembers(one, others) };
}

/** Undefined of a member that cannot be asked, which is no reason against a join: the other end of its ways may tell. */
async function probeMembers(
  { contact: { shell } }: KnownPeer,
  others: Cluster["members"],
): Promise<HostSights | undefined> {
  const addresses = others.map(({ link0 }) => link0);
  const pace = gentlePace(others.length + 1, PROBE_MS);
  // Their corosyncs speak with each other all the time.
  return shell && probeFrom(shell, addresses, pace, { awake: true }).catch(() => undefined);
}

const PROBE_MS = 1_500;

/** Echoes may be forbidden where corosync is not: without both, and only then, nothing passes. */
function linkIn(
  { byAddress, knet }: HostSights,
  from: string,
  to: { readonly name: string; readonly link0: string; readonly id: number },
): MeasuredLink[] {
  const sight = byAddress.get(to.link0);
  const heard = knet.get(to.id);
  if (!sight || (sight.rttMs.length === 0 && !heard)) return [];
  return [measured(from, to.name, sight, heard)];
}

function measured(
  from: string,
  to: string,
  { sent, rttMs, mtu }: Pick<Sight, "sent" | "rttMs" | "mtu">,
  knet?: MeasuredLink["knet"],
): MeasuredLink {
  const lost = Math.max(0, sent - rttMs.length);
  return { from, to, sent, lost, rttMs: rttFigures(rttMs), mtu, path: undefined, knet };
}
