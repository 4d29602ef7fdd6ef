import type { Cluster, Obstacle, OwnHost, Peer, Verdict } from "../../../../src/cluster/facts.ts";

/** A host without a cluster. */
export function own(node: string, address: string, guests = 0): OwnHost {
  return { node, address, place: standalone(guests) };
}

export const here = own("pve3", "100.64.0.3");

/** A peer that nothing keeps from this host. */
export function peer(name: string, address: string, verdict: Verdict, more: Partial<Peer> = {}): Peer {
  return {
    ...{ name, address, verdict, rttMs: 50, way: "api", shell: true },
    ...{ obstacles: [], unproven: [], warnings: [] },
    ...more,
  };
}

export function standalone(guests = 0): Extract<Verdict, { kind: "standalone" }> {
  return { kind: "standalone", guests };
}

export function member(of: Cluster): Verdict {
  return { kind: "member", cluster: of };
}

export const unknown: Verdict = { kind: "unknown", tried: ["ssh as root: permission denied"] };

export const SILENT: Obstacle = {
  check: "tcp 22",
  what: "TCP 22: silence for 4 s",
  likely: "the tailnet policy",
  mend: "tailmox policy check",
  code: "E_PEER_UNREACHABLE",
};

/** A quorate cluster of members by name and link 0, all online. */
export function cluster(
  name: string,
  members: readonly [string, string][],
  more: Partial<Cluster> = {},
): Cluster {
  return {
    ...{ name, quorate: true, qdevice: false },
    ...{ expectedVotes: members.length, presentVotes: members.length },
    members: members.map(([node, link0], index) => {
      return { name: node, id: index + 1, link0, votes: 1, published: link0, online: true };
    }),
    ...more,
  };
}

export const pair = cluster("tailmox", [
  ["pve1", "100.64.0.1"],
  ["pve2", "100.64.0.2"],
]);
