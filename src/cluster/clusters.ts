import { compareAddresses } from "./address.ts";
import type { Cluster, Peer } from "./facts.ts";

/** Peers of one cluster report the same one: one entry each, the report of the quorate part first. */
export function clustersOf(peers: readonly Peer[]): Cluster[] {
  const clusters: Cluster[] = [];
  const reports = peers.flatMap(({ verdict }) => (verdict.kind === "member" ? [verdict.cluster] : []));
  for (const cluster of reports.sort(byWorth)) {
    if (!clusters.some((other) => isSameCluster(cluster, other))) clusters.push(cluster);
  }
  return clusters;
}

/** Two clusters may bear one name: they are one only when they share a member. */
export function isSameCluster(a: Cluster, b: Cluster): boolean {
  return (
    a.name === b.name &&
    a.members.some((one) => b.members.some((two) => one.name === two.name && one.link0 === two.link0))
  );
}

/**
 * Those of several clusters that stay. A provisional one gives way to any other, and of nothing but such the one
 * with the lowest address stays: hosts that see the same agree.
 */
export function staying(clusters: readonly Cluster[]): Cluster[] {
  const firm = clusters.filter(({ provisional }) => !provisional);
  if (firm.length > 0) return firm;
  const address = ({ members }: Cluster) => members[0]?.link0 ?? "";
  return [...clusters].sort((a, b) => compareAddresses(address(a), address(b))).slice(0, 1);
}

/** The quorate part knows better; a report that tells whether the cluster is provisional knows more. */
function byWorth(a: Cluster, b: Cluster): number {
  const worth = ({ quorate, provisional }: Cluster) =>
    (quorate ? 2 : 0) + (provisional === undefined ? 0 : 1);
  return worth(b) - worth(a);
}
