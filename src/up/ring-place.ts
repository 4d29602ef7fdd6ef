import type { Cluster } from "../cluster/facts.ts";
import { type RingPlace, ringPlace } from "../cluster/ring-place.ts";
import { rttFigures } from "../latency/figures.ts";
import { gentlePace } from "../latency/pace.ts";
import { probeFrom } from "../latency/probe-host.ts";
import type { KnownPeer } from "./ask-peers.ts";
import type { Company } from "./options.ts";

/**
 * Where this host belongs in the ring of the cluster that it joins: its own round trips are the preflight's, those
 * between the members are theirs, asked of all that let it in by ssh at once. Takes some 4 s; changes nothing.
 */
export async function findRingPlace(
  cluster: Cluster,
  self: { readonly name: string; readonly address: string },
  known: readonly KnownPeer[],
  { talk }: Pick<Company, "talk">,
): Promise<RingPlace> {
  const seen = new Map(known.map(({ peer }) => [key(self.address, peer.address), peer.rttMs]));
  const addresses = new Map(cluster.members.map(({ name, link0 }) => [name, link0])).set(
    self.name,
    self.address,
  );
  const address = (name: string) => addresses.get(name) ?? "";
  if (cluster.members.length > 2) {
    const phase = talk.phase("Ring", "asking the members how far they are from each other (usually 4 s)");
    const rows = await membersRows(cluster, known);
    for (const [pair, rttMs] of rows) seen.set(pair, rttMs);
    phase.ok(`${rows.size} ways between ${cluster.members.length} members measured`);
  }
  return ringPlace(
    cluster.members,
    self.name,
    (a, b) => seen.get(key(address(a), address(b))) ?? seen.get(key(address(b), address(a))),
  );
}

async function membersRows(cluster: Cluster, known: readonly KnownPeer[]): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  await Promise.all(
    cluster.members.map(async ({ link0 }) => {
      const shell = known.find(({ peer }) => peer.address === link0)?.contact.shell;
      const others = cluster.members.map((member) => member.link0).filter((other) => other !== link0);
      // A member that cannot be asked is no reason against a join: the other end of its ways may tell.
      const pace = gentlePace(others.length + 1, PROBE_MS);
      const sights = shell && (await probeFrom(shell, others, pace).catch(() => undefined));
      for (const [other, { rttMs }] of sights?.byAddress ?? []) {
        const middle = rttFigures(rttMs)?.median;
        if (middle !== undefined) rows.set(key(link0, other), middle);
      }
    }),
  );
  return rows;
}

const PROBE_MS = 1_500;

function key(from: string, to: string): string {
  return `${from} ${to}`;
}
