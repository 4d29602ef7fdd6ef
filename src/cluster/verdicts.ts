import type { Peer, Verdict } from "./facts.ts";

/** A peer that did not answer itself, but stands in an answering member's node list, has answered. */
export function completeVerdicts(peers: readonly Peer[]): Peer[] {
  return peers.map((peer) => {
    if (peer.verdict.kind !== "unknown") return peer;
    const told = peers.map((other) => other.verdict).find((verdict) => lists(verdict, peer.address));
    return told ? { ...peer, verdict: told } : peer;
  });
}

function lists(verdict: Verdict, address: string): boolean {
  return verdict.kind === "member" && verdict.cluster.members.some((member) => member.link0 === address);
}

/** A verdict in the words of the reader. */
export function verdictWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case "member": {
      const { name, presentVotes, expectedVotes, quorate } = verdict.cluster;
      return `in "${name}", ${quorate ? "" : "not "}quorate, ${presentVotes} of ${expectedVotes} votes`;
    }
    case "standalone":
      return verdict.guests === 0 ? "standalone" : `standalone, ${guestWords(verdict.guests)}`;
    case "unknown":
      return "unknown";
  }
}

export function guestWords(guests: number): string {
  if (guests === 0) return "no guests";
  return guests === 1 ? "1 guest" : `${guests} guests`;
}
