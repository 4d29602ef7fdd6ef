import type { Finding, Obstacle } from "../../cluster/facts.ts";
import { clockWarnings } from "./clock.ts";
import { icmpObstacles, icmpWarnings } from "./icmp.ts";
import { mtuObstacles, mtuWarnings } from "./mtu.ts";
import { type Named, nameObstacles } from "./names.ts";
import { noPong, offline } from "./online.ts";
import { pathWarnings } from "./path.ts";
import type { Sights } from "./sights.ts";
import { NEEDED_PORTS, tcpObstacles } from "./tcp.ts";
import { linkWarnings, udpObstacles, udpUnproven } from "./udp.ts";
import { versionWarnings } from "./versions.ts";

/** What the sights of one peer come to. */
export interface Findings {
  /** Seen to fail. */
  readonly obstacles: readonly Obstacle[];
  /** Neither seen to work nor to fail. */
  readonly unproven: readonly Obstacle[];
  readonly warnings: readonly Finding[];
}

export interface Against {
  readonly tag: string;
  readonly peer: Named;
  /** This host and the other peers. */
  readonly others: readonly Named[];
  /** Version of Proxmox VE on this host. */
  readonly ownPve: string;
}

/** Holds what was seen against what a cluster needs. Pure, so that later sights can be judged again. */
export function judge(sights: Sights, { tag, peer, others, ownPve }: Against): Findings {
  if (sights.kind === "offline") return { obstacles: [offline()], unproven: [], warnings: [] };
  if (sights.kind === "no pong") return { obstacles: [noPong(peer.name)], unproven: [], warnings: [] };
  const { echoes, ports, packets, udp, path, clock, pve, knet } = sights;
  const tcpFine = NEEDED_PORTS.every((port) => ports.get(port)?.kind === "open");
  const pingsRefused = echoes.rttMs.length === 0 && echoes.refusal !== undefined;
  return {
    obstacles: [
      ...icmpObstacles(echoes),
      ...tcpObstacles(ports, pingsRefused),
      ...udpObstacles(udp, { tcpFine, pingsRefused, tag }),
      ...mtuObstacles(packets, echoes.rttMs.length > 0),
      ...nameObstacles(peer, others),
    ],
    unproven: udpUnproven(udp),
    warnings: [
      ...pathWarnings(peer.name, path),
      ...icmpWarnings(echoes),
      ...mtuWarnings(packets),
      ...linkWarnings(knet),
      ...clockWarnings(clock),
      ...versionWarnings(ownPve, pve),
    ],
  };
}
