import type { Cluster } from "../cluster/facts.ts";
import type { Host } from "../host/host.ts";
import { readPlace } from "../proxmox/place.ts";

export interface HalfJoined {
  /** What stands on both sides, a line each. */
  readonly words: string;
  /** true when this host or the cluster has to be put back. */
  readonly touched: boolean;
}

/** The state of both sides after a join that failed: facts only, and "unknown" where nobody answered. */
export async function describeHalfJoined(
  host: Host,
  spec: { node: string; through: { name: string }; askMember: () => Promise<Cluster | undefined> },
): Promise<HalfJoined> {
  const [here, member] = await Promise.all([
    describeHere(host, spec.node),
    spec.askMember().catch(() => undefined),
  ]);
  const listed = member?.members.some(({ name }) => name.toLowerCase() === spec.node.toLowerCase());
  const there =
    member === undefined
      ? `${spec.through.name}: unknown, it did not answer`
      : `${spec.through.name}: ${listed ? "lists" : "does not list"} ${spec.node}, ` +
        `${member.quorate ? "quorate" : "not quorate"}, ${member.presentVotes} of ${member.expectedVotes} votes`;
  return { words: `${here.words}\n${there}`, touched: here.touched || listed !== false };
}

async function describeHere(host: Host, node: string): Promise<HalfJoined> {
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
  const { quorate, presentVotes, expectedVotes } = place.cluster;
  const votes = `${presentVotes} of ${expectedVotes} votes`;
  return {
    words: `${node}: configured as a member, ${quorate ? "quorate" : "not quorate, /etc/pve is read-only"}, ${votes}`,
    touched: true,
  };
}
