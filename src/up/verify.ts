import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { readArmed, whenItFires } from "../guard/armed.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { readPlace } from "../proxmox/place.ts";
import type { KnownPeer } from "./ask-peers.ts";
import type { Phase, Talk } from "./talk.ts";
import { writtenEverywhere } from "./written-everywhere.ts";

export interface Verified {
  readonly node: string;
  readonly address: string;
  /** The peers, as they were met. */
  readonly known: readonly KnownPeer[];
  /** Something was changed: it takes its time to be seen everywhere, and is proven by a file in /etc/pve. */
  readonly changed: boolean;
}

/** Phase 8: success is what the facts say now. Waits for them, at most 40 s; throws E_VERIFY_FAILED. */
export async function verifyMember(
  host: Host,
  { node, address, known, changed }: Verified,
  talk: Talk,
): Promise<Cluster> {
  const patienceMs = changed ? 40_000 : 5_000;
  const phase = talk.phase("Verify", "looking whether all holds (usually 1-5 s)");
  let cluster: Cluster | undefined;
  const holds = await poll(patienceMs, 500, async () => {
    const place = await readPlace(host).catch(() => undefined);
    cluster = place?.kind === "member" ? place.cluster : undefined;
    const left = cluster ? shortcomings(cluster, node, address) : ["this host is in no cluster"];
    return left.length === 0 ? true : undefined;
  });
  if (!holds || !cluster) {
    const left = cluster ? shortcomings(cluster, node, address) : ["this host is in no cluster"];
    const likely = "a member is away, or UDP 5405 between two members is dropped";
    throw await failed(host, left.join("; "), `${likely} (seen for ${patienceMs / 1000} s)`);
  }
  const read = changed ? await readElsewhere(host, cluster, node, known, phase) : [];
  const votes = `quorate, ${cluster.presentVotes} of ${cluster.expectedVotes} votes`;
  phase.ok([votes, `${node} publishes ${address}`, ...read].join(", "));
  talk.note(...ringWords(cluster, node, known), ...strangers(cluster, node));
  return cluster;
}

/** What is written here has to be read there: by every member that root's shell reaches. */
async function readElsewhere(
  host: Host,
  { members }: Cluster,
  node: string,
  known: readonly KnownPeer[],
  phase: Phase,
): Promise<string[]> {
  const isMember = (address: string) => members.some(({ link0 }) => link0 === address);
  const witnesses = known.flatMap(({ peer, contact }) =>
    contact.shell && isMember(peer.address) ? [contact.shell] : [],
  );
  if (witnesses.length === 0) return [];
  phase.doing("writing a file to /etc/pve, for the others to read");
  const { ms, readOn, missingOn, unknown } = await writtenEverywhere(host, node, witnesses).catch(
    async (error: unknown) => {
      const likely = error instanceof Error ? error.message : String(error);
      throw await failed(host, "/etc/pve cannot be written here", likely);
    },
  );
  if (missingOn.length > 0) {
    const likely = "pmxcfs does not carry changes there: journalctl -u pve-cluster, on both hosts";
    throw await failed(host, `what is written here is not read on ${missingOn.join(", ")} in 20 s`, likely);
  }
  const read = `a file written here was read on ${readOn.join(", ")} after ${(ms / 1000).toFixed(2)} s`;
  return [
    ...(readOn.length > 0 ? [read] : []),
    ...(unknown.length > 0 ? [`unknown whether it is read on ${unknown.join(", ")}`] : []),
  ];
}

/** The token goes round in this order; alone and between two there is only one. */
function ringWords({ members }: Cluster, node: string, known: readonly KnownPeer[]): string[] {
  if (members.length < 3) return [];
  const rttOf = (address: string) => known.find(({ peer }) => peer.address === address)?.peer.rttMs;
  const words = [...members]
    .sort((a, b) => a.id - b.id)
    .map(({ id, name, link0 }) => {
      const rtt = rttOf(link0);
      const far = name === node ? ", here" : rtt === undefined ? "" : `, ${Math.round(rtt)} ms`;
      return `${name} (${id}${far})`;
    });
  return [`Ring: ${words.join(" -> ")}`];
}

/** With the guard's word, where one is armed: what comes next happens without anybody. */
async function failed(host: Host, what: string, likely: string): Promise<UserError> {
  const armed = await readArmed(host).catch(() => undefined);
  const guard = armed
    ? `; the guard is still armed: ${whenItFires(armed)} it puts this host back, unless it is a quorate member by then`
    : "";
  return new UserError("E_VERIFY_FAILED", `the cluster is not as it should be: ${what}${guard}`, {
    likely,
    mend: "pvecm status; journalctl -u corosync -u pve-cluster",
  });
}

function shortcomings(cluster: Cluster, node: string, address: string): string[] {
  const own = cluster.members.find(({ name }) => name === node);
  return [
    ...(cluster.quorate ? [] : ["not quorate"]),
    ...(cluster.presentVotes < cluster.expectedVotes
      ? [`${cluster.presentVotes} of ${cluster.expectedVotes} votes`]
      : []),
    ...(own ? [] : [`${node} is not in the node list`]),
    ...(own && own.link0 !== address ? [`link 0 of ${node} is ${own.link0}`] : []),
    ...(own && own.published !== address ? [`${node} publishes ${own.published ?? "no address"}`] : []),
    ...cluster.members
      .filter((member) => member.name !== node && member.published === undefined)
      .map((member) => `${member.name} has published no address`),
  ];
}

/** Members that publish another address than their link 0: the web page reaches them only where that leads. */
function strangers({ members }: Cluster, node: string): string[] {
  return members
    .filter((member) => member.name !== node && member.published !== member.link0)
    .map(
      (member) => `!! ${member.name} publishes ${member.published}, not its tailnet address ${member.link0}`,
    );
}
