import type { Finding, Obstacle } from "../../cluster/facts.ts";
import type { KnetStats } from "../../corosync/cmap.ts";
import type { RendezvousAnswer } from "../../rendezvous/ask.ts";
import type { Echo } from "../../rendezvous/try-port.ts";
import { REJECTS } from "./tcp.ts";

/** What was tried of UDP 5405-5412 to one peer. */
export interface UdpTries {
  /** What a tailmox that runs there answered, or what came in its place. */
  readonly rendezvous: RendezvousAnswer;
  /** What an echo answered that was run there by root's ssh; undefined where that was not tried or did not start. */
  readonly byShell?: ReadonlyMap<number, Echo> | undefined;
  /** What this host's own corosync says of its link to that peer; undefined where the two are in no cluster. */
  readonly knet?: KnetStats | undefined;
}

/** What the tries come to. "unproven": nobody there could answer, which says nothing about the way. */
export type UdpSight =
  | { readonly kind: "both ways"; readonly by: "tailmox" | "ssh" | "corosync" }
  | { readonly kind: "lost"; readonly how: "silence" | "way back" | "rejected" | "port 5405" }
  | { readonly kind: "unproven" };

/** Link 0's port: the one that tailmox's clusters use. */
const LINK0 = 5405;

/** A port on which nothing came back is held against the way only where somebody was there to answer, or all are still. */
export function judgeUdp({ rendezvous, byShell, knet }: UdpTries): UdpSight {
  if (knet?.connected) return { kind: "both ways", by: "corosync" };
  const { echoes, answers, facts } = rendezvous;
  // What the shell started may answer the last of the rendezvous' questions, too.
  if (byShell && hasEcho(byShell) && !facts) return overall(byShell.get(LINK0) === "silent", "ssh");
  // A member's port 5405 is its corosync's, which answers nobody but its own.
  if (hasEcho(echoes))
    return overall(echoes.get(LINK0) === "silent" && facts?.place?.kind === "standalone", "tailmox");
  // It heard the question, and its answer came to the port of the moment, but none to the port that corosync uses.
  if (answers) return { kind: "lost", how: "way back" };
  if (all(echoes, "silent")) return { kind: "lost", how: "silence" };
  if (!byShell || byShell.size === 0) return { kind: "unproven" };
  return { kind: "lost", how: all(byShell, "refused") ? "rejected" : "way back" };
}

function overall(isLink0Lost: boolean, by: "tailmox" | "ssh"): UdpSight {
  return isLink0Lost ? { kind: "lost", how: "port 5405" } : { kind: "both ways", by };
}

export function udpObstacles(
  sight: UdpSight,
  { tcpFine, pingsRefused, tag }: { tcpFine: boolean; pingsRefused: boolean; tag: string },
): Obstacle[] {
  if (sight.kind !== "lost") return [];
  const common = { check: "udp", code: "E_UDP_FILTERED" } as const;
  switch (sight.how) {
    case "silence":
      return [
        {
          ...common,
          what: `UDP 5405-5412: no answer in 3 s on any of the 8 ports${tcpFine ? "; TCP 22, 8006 fine" : ""}`,
          likely: tcpFine
            ? "silence, not refusal: something between drops it. Most often the tailnet policy allows TCP to " +
              `${tag} but not UDP 5405-5412; else a packet filter on one of the two hosts`
            : pingsRefused
              ? REJECTS
              : "what stops the other ports, too",
          mend: "tailmox policy check, or tailmox policy print; nft list ruleset, on both",
        },
      ];
    case "port 5405":
      return [
        {
          ...common,
          what: "UDP 5405: no answer in 3 s; others of 5405-5412 are answered",
          likely: "a packet filter on one of the two hosts drops this port",
          mend: "nft list ruleset, on both",
        },
      ];
    case "way back":
      return [
        {
          ...common,
          what: "UDP 5405-5412: what is sent there arrives, what comes back from there does not",
          likely:
            "a packet filter drops it on its way out there or in here; or the tailnet policy in this direction",
          mend: "nft list ruleset, on both; tailmox policy check",
        },
      ];
    case "rejected":
      return [
        {
          ...common,
          what: "UDP 5405-5412: refused, though an echo was run there",
          likely: "a packet filter there rejects it",
          mend: "there: nft list ruleset",
        },
      ];
  }
}

export function udpUnproven(sight: UdpSight): Obstacle[] {
  if (sight.kind !== "unproven") return [];
  return [
    {
      check: "udp",
      code: "E_UDP_UNPROVEN",
      what: "UDP 5405-5412: unproven, nobody there answers it (refused, not silent)",
      likely: "tailmox does not run there at this moment, and root's ssh did not lead there",
      mend: "run tailmox up, check or admit there at the same time; or --accept-risk udp-unproven",
    },
  ];
}

/** A link that was up and is down now, whatever echoes say. */
export function linkWarnings(knet: KnetStats | undefined): Finding[] {
  if (!knet || knet.connected) return [];
  return [
    {
      check: "link",
      what: `corosync's own link 0 to it is down (${knet.downs} times since it started)`,
      likely: "corosync does not run there, or UDP 5405 is lost on the way",
      mend: "there: systemctl status corosync; tailmox status",
    },
  ];
}

function hasEcho(echoes: ReadonlyMap<number, Echo>): boolean {
  return [...echoes.values()].includes("echoed");
}

function all(echoes: ReadonlyMap<number, Echo>, wanted: Echo): boolean {
  return [...echoes.values()].every((echo) => echo === wanted);
}
