import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { readPlace } from "../proxmox/place.ts";
import type { Talk } from "./talk.ts";

/** Phase 8: success is what the facts say now. Waits `patienceMs` for them; throws E_VERIFY_FAILED. */
export async function verifyMember(
  host: Host,
  { node, address }: { node: string; address: string },
  patienceMs: number,
  talk: Talk,
): Promise<Cluster> {
  const phase = talk.phase("Verify", "looking whether all holds (usually 1-5 s)");
  let cluster: Cluster | undefined;
  const holds = await poll(patienceMs, 500, async () => {
    const place = await readPlace(host).catch(() => undefined);
    cluster = place?.kind === "member" ? place.cluster : undefined;
    const left = cluster ? shortcomings(cluster, node, address) : ["this host is in no cluster"];
    return left.length === 0 ? true : undefined;
  });
  if (holds && cluster) {
    phase.ok(
      `quorate, ${cluster.presentVotes} of ${cluster.expectedVotes} votes, ${node} publishes ${address}`,
    );
    talk.note(...strangers(cluster, node));
    return cluster;
  }
  const left = cluster ? shortcomings(cluster, node, address) : ["this host is in no cluster"];
  throw new UserError("E_VERIFY_FAILED", `the cluster is not as it should be: ${left.join("; ")}`, {
    likely: `a member is away, or UDP 5405 between two members is dropped (seen for ${patienceMs / 1000} s)`,
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
