import type { Cluster } from "../cluster/facts.ts";
import type { Host } from "../host/host.ts";
import { readPlace } from "../proxmox/place.ts";

export interface BothSides {
  /** What stands on both sides, a line each. */
  readonly words: string;
  /** true when something of this host was replaced. */
  readonly hereTouched: boolean;
  /** Whether the cluster's node list has this host; undefined when nobody answered. */
  readonly listed: boolean | undefined;
}

/** The state of both sides after a join that failed: facts only, and "unknown" where nobody answered. */
export async function lookAtBothSides(
  host: Host,
  spec: { node: string; through: { name: string }; askMember: () => Promise<Cluster | undefined> },
): Promise<BothSides> {
  const [here, member] = await Promise.all([
    describeHere(host, spec.node),
    spec.askMember().catch(() => undefined),
  ]);
  const listed = member && isListed(member, spec.node);
  const there =
    member === undefined
      ? `${spec.through.name}: unknown, it did not answer`
      : `${spec.through.name}: ${listed ? "lists" : "does not list"} ${spec.node}, ${votesOf(member)}`;
  return { words: `${here.words}\n${there}`, hereTouched: here.touched, listed };
}

/** Whether a cluster's node list has a node of this name. */
export function isListed({ members }: Cluster, node: string): boolean {
  return members.some(({ name }) => name.toLowerCase() === node.toLowerCase());
}

/** Such as "quorate, 2 of 2 votes". */
export function votesOf({ quorate, presentVotes, expectedVotes }: Cluster): string {
  return `${quorate ? "quorate" : "not quorate"}, ${presentVotes} of ${expectedVotes} votes`;
}

async function describeHere(host: Host, node: string): Promise<{ words: string; touched: boolean }> {
  const [place, conf] = await Promise.all([
    readPlace(host).catch(() => undefined),
    host.list("/etc/corosync"),
  ]);
  const leftovers = conf.includes("authkey") || conf.includes("corosync.conf");
  if (place?.kind === "standalone") {
    const rest = leftovers ? ", but files of the cluster stand in /etc/corosync" : " and as it was";
    return { words: `${node}: standalone${rest}`, touched: leftovers };
  }
  if (place === undefined) return { words: `${node}: /etc/pve is not there`, touched: true };
  const readOnly = place.cluster.quorate ? "" : ", /etc/pve is read-only";
  return { words: `${node}: configured as a member${readOnly}, ${votesOf(place.cluster)}`, touched: true };
}
