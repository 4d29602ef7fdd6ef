import { z } from "zod";
import type { Cluster, Place } from "../cluster/facts.ts";
import type { Session } from "./rest.ts";

/**
 * Where a peer stands, by its REST API. The node list decides and not /cluster/status, which looks standalone
 * on a member whose pmxcfs started while corosync was down (proxmox.md 5.4).
 */
export async function readPlaceByApi(session: Session): Promise<Place> {
  const nodes = configNodes.parse(await session.get("/cluster/config/nodes"));
  if (nodes.length === 0) {
    const guests = z.array(z.unknown()).parse(await session.get("/cluster/resources?type=vm"));
    return { kind: "standalone", guests: guests.length };
  }
  const [status, qdevice, totem] = await Promise.all([
    session.get("/cluster/status"),
    session.get("/cluster/config/qdevice"),
    session.get("/cluster/config/totem"),
  ]);
  return { kind: "member", cluster: describe(nodes, clusterStatus.parse(status), qdevice, totem) };
}

function describe(
  nodes: z.infer<typeof configNodes>,
  status: z.infer<typeof clusterStatus>,
  qdevice: unknown,
  totem: unknown,
): Cluster {
  const whole = status.find(({ type }) => type === "cluster");
  const members = nodes
    .map((node) => {
      const seen = status.find(({ type, name }) => type === "node" && name === node.node);
      return {
        name: node.node,
        id: node.nodeid,
        votes: node.quorum_votes,
        link0: node.ring0_addr,
        published: seen?.ip,
        online: seen?.online === 1,
      };
    })
    .sort((a, b) => a.id - b.id);
  const votes = (of: typeof members) => of.reduce((sum, member) => sum + member.votes, 0);
  return {
    name: totemJson.parse(totem)?.cluster_name ?? whole?.name ?? "",
    quorate: whole?.quorate === 1,
    expectedVotes: votes(members),
    presentVotes: votes(members.filter(({ online }) => online)),
    members,
    links: Math.max(1, ...nodes.map(linksOf)),
    qdevice: Object.keys(z.record(z.string(), z.unknown()).nullable().parse(qdevice) ?? {}).length > 0,
  };
}

function linksOf(node: Readonly<Record<string, unknown>>): number {
  return Object.keys(node).filter((key) => /^ring[0-7]_addr$/.test(key)).length;
}

/** All values here are strings in Proxmox's answers. */
const configNodes = z.array(
  z.looseObject({
    node: z.string(),
    nodeid: z.coerce.number(),
    quorum_votes: z.coerce.number().default(1),
    ring0_addr: z.string().default(""),
  }),
);

const clusterStatus = z.array(
  z.object({
    type: z.string(),
    name: z.string(),
    ip: z.string().optional(),
    online: z.coerce.number().optional(),
    quorate: z.coerce.number().optional(),
  }),
);

const totemJson = z.object({ cluster_name: z.string().optional() }).nullable();
