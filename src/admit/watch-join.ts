import type { Cluster } from "../cluster/facts.ts";
import { stopAsked } from "../host/interrupt.ts";
import type { RendezvousAnswer } from "../rendezvous/ask.ts";
import type { Applicant } from "./applicants.ts";

/** How the time of a grant ended. */
export type JoinEnd =
  | { readonly kind: "joined"; readonly cluster: Cluster }
  /** tailmox there has ended, and the host is no member. */
  | { readonly kind: "given up"; readonly listed: boolean }
  | { readonly kind: "time over"; readonly listed: boolean }
  | { readonly kind: "stopped"; readonly listed: boolean };

export interface Watch {
  readonly untilMs: number;
  /** The cluster as this member sees it; undefined while it cannot tell. */
  readonly look: () => Promise<Cluster | undefined>;
  /** Whether pvecm has written the joiner's key into the cluster's list: the last that it does with it. */
  readonly keyIsKept: () => Promise<boolean>;
  readonly ask: (address: string) => Promise<RendezvousAnswer>;
  readonly doing: (words: string) => void;
  readonly everyMs?: number;
}

/** Watches a join by facts, until it has ended one way or the other, for a bounded time. */
export async function watchJoin({ node, address }: Applicant, watch: Watch): Promise<JoinEnd> {
  const deadline = performance.now() + watch.untilMs;
  let refusals = 0;
  let listed = false;
  for (;;) {
    const [cluster, answer] = await Promise.all([watch.look(), watch.ask(address)]);
    const member = cluster?.members.find(({ link0 }) => link0 === address);
    listed = cluster ? member !== undefined : listed;
    // Refused: the host is there, and no tailmox runs on it any more. Silence tells nothing.
    refusals = isRefused(answer) ? refusals + 1 : 0;
    const isOver = refusals >= REFUSALS;
    if (cluster && member?.online && isWhole(cluster) && (isOver || (await watch.keyIsKept()))) {
      return { kind: "joined", cluster };
    }
    if (isOver) return { kind: "given up", listed };
    if (stopAsked()) return { kind: "stopped", listed };
    if (performance.now() >= deadline) return { kind: "time over", listed };
    watch.doing(words(node, cluster, listed));
    await Bun.sleep(watch.everyMs ?? 2_000);
  }
}

/** One could be chance: a port that is just let go of. */
const REFUSALS = 3;

function isRefused({ echoes }: RendezvousAnswer): boolean {
  const all = [...echoes.values()];
  return all.includes("refused") && !all.includes("echoed");
}

function isWhole({ quorate, presentVotes, expectedVotes }: Cluster): boolean {
  return quorate && presentVotes >= expectedVotes;
}

function words(node: string, cluster: Cluster | undefined, listed: boolean): string {
  if (!cluster) return "the cluster gives no answer for a moment";
  if (!listed) return `${node} may log in now; waiting for it to join`;
  return `${node} is listed, ${cluster.presentVotes} of ${cluster.expectedVotes} votes are there`;
}
