import { type ConfNode, parseCorosyncConf } from "../cluster/corosync-conf.ts";
import type { Cluster, Member, Place } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { isYoung } from "./created.ts";
import { type Members, parseMembers } from "./members.ts";
import { type PvecmStatus, parsePvecmStatus } from "./pvecm-status.ts";

/**
 * Where a host stands, from its own files and corosync: standalone, or a member of what. Throws E_PVE_DOWN
 * when /etc/pve is not there, since then an absent corosync.conf proves nothing. With `isMember`, which
 * something else has told, corosync is asked at the same moment.
 */
export async function readPlace(reader: Reader, { isMember = false } = {}): Promise<Place> {
  const readStatus = () => reader.run(["pvecm", "status"], { timeoutMs: 20_000 });
  const [membersText, conf, early] = await Promise.all([
    reader.text("/etc/pve/.members"),
    reader.text("/etc/pve/corosync.conf"),
    isMember ? readStatus() : undefined,
  ]);
  const members = membersText === undefined ? undefined : parseMembers(membersText);
  if (!members) throw pveDown(reader.name);
  if (conf === undefined) return { kind: "standalone", guests: await countGuests(reader) };
  const { stdout } = early ?? (await readStatus());
  const cluster = describeCluster(conf, members, parsePvecmStatus(stdout));
  return { kind: "member", cluster: { ...cluster, provisional: await isProvisional(reader, cluster) } };
}

async function isProvisional(reader: Reader, { name, members }: Cluster): Promise<boolean> {
  return members.length === 1 && (await isYoung(reader, name)) && (await countGuests(reader)) === 0;
}

/** Puts together what the configuration lists, what pmxcfs knows and what corosync sees. */
export function describeCluster(
  confText: string,
  members: Members,
  status: PvecmStatus | undefined,
): Cluster {
  const conf = parseCorosyncConf(confText);
  const nodes = [...(conf?.nodes ?? [])].sort((a, b) => a.id - b.id);
  const present = new Set(status?.presentIds ?? []);
  const listed = nodes.map((node): Member => asMember(node, members, present));
  return {
    name: conf?.clusterName ?? members.cluster?.name ?? "",
    quorate: status?.quorate ?? false,
    expectedVotes: status?.expectedVotes ?? listed.reduce((sum, { votes }) => sum + votes, 0),
    presentVotes: status?.totalVotes ?? 0,
    members: listed,
    qdevice: conf?.qdevice ?? false,
    links: Math.max(1, ...nodes.map(({ links }) => links.size)),
  };
}

function asMember(node: ConfNode, members: Members, present: ReadonlySet<number>): Member {
  return {
    name: node.name,
    id: node.id,
    votes: node.votes,
    link0: node.links.get(0) ?? "",
    published: members.nodes.get(node.name)?.ip,
    online: present.has(node.id),
  };
}

/** Guests, templates and containers of all node folders: what makes pvecm refuse a join (proxmox.md 4.2). */
async function countGuests(reader: Reader): Promise<number> {
  const nodes = await reader.list("/etc/pve/nodes");
  const folders = nodes.flatMap((node) =>
    ["qemu-server", "lxc"].map((kind) => `/etc/pve/nodes/${node}/${kind}`),
  );
  const lists = await Promise.all(folders.map((folder) => reader.list(folder)));
  return lists.flat().filter((name) => /^\d+\.conf$/.test(name)).length;
}

function pveDown(host: string): UserError {
  return new UserError("E_PVE_DOWN", `/etc/pve is not mounted on ${host}`, {
    likely: "the service pve-cluster does not run; often because the node name does not resolve",
    mend: "systemctl status pve-cluster; journalctl -u pve-cluster",
  });
}
