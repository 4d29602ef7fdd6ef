import type { Finding, Obstacle } from "../../cluster/facts.ts";
import type { Echoes } from "../../host/ping.ts";

/** Enough for a median and for a first look at loss; `tailmox latency` sends as many as one likes. */
export const ECHOES = 20;

/** With a quarter of so few lost, a loss under 8 % is ruled out: corosync would lose its token all the time. */
const MOST_LOST = 0.25;

/** No echo, or too few. Source of the bound: corosync.md 6.5; 5 or more of 20 at 8 % loss are 2 in 100 tries. */
export function icmpObstacles({ sent, rttMs, refusal }: Echoes): Obstacle[] {
  const common = { check: "icmp", code: "E_PEER_UNREACHABLE" } as const;
  const lost = sent - rttMs.length;
  if (rttMs.length === 0) {
    return refusal === undefined
      ? [
          {
            ...common,
            what: `ICMP: none of ${sent} echoes came back, and no refusal either`,
            likely: "the tailnet policy or a packet filter drops them",
            mend: "tailmox policy check",
          },
        ]
      : [
          {
            ...common,
            what: `ICMP: refused, ${refusal}`,
            likely: "a packet filter on one of the two hosts rejects echoes",
            mend: "nft list ruleset, on both",
          },
        ];
  }
  if (lost / sent < MOST_LOST) return [];
  return [
    {
      ...common,
      check: "loss",
      what: `ICMP: ${lost} of ${sent} echoes were lost`,
      likely: "a line that is overloaded or broken on one side",
      mend: "tailmox latency --for 60s shows how much is lost, and between whom",
    },
  ];
}

/** Some lost: too few echoes to say how bad that is. */
export function icmpWarnings({ sent, rttMs }: Echoes): Finding[] {
  const lost = sent - rttMs.length;
  if (lost === 0 || lost / sent >= MOST_LOST) return [];
  return [
    {
      check: "loss",
      what: `${lost} of ${sent} echoes ${lost === 1 ? "was" : "were"} lost`,
      likely: "chance, or a line that loses packets: so few echoes cannot tell",
      mend: "tailmox latency --for 60s, then tailmox forecast",
    },
  ];
}
