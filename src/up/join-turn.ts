import { isSameCluster } from "../cluster/clusters.ts";
import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { assertNotStopped } from "../host/interrupt.ts";
import { type JoinLock, takeJoinLock } from "../proxmox/join-lock.ts";
import type { JoinTurn } from "../steps/arm-guard.ts";
import { votesOf } from "../steps/half-joined.ts";
import { noShell } from "./join-refusal.ts";

interface KnownMember {
  readonly name: string;
  readonly address: string;
  readonly shell?: Host;
  readonly ask: () => Promise<Cluster | undefined>;
}

/**
 * One join at a time: the lock lies on the member with the lowest node id, and without root's ssh to it there is no
 * join. Under the lock the cluster is asked once more: another host may have joined, or failed to, since the plan
 * was made.
 */
export function joinTurn(
  node: string,
  cluster: Cluster,
  known: readonly KnownMember[],
  { waitMs, settleMs = SETTLE_MS }: { waitMs: number; settleMs?: number },
): JoinTurn {
  const [first] = cluster.members;
  const keeper = known.find(({ address }) => address === first?.link0);
  let lock: JoinLock | undefined;
  let members: Cluster["members"] = [];
  const turn: JoinTurn = {
    take: async (doing) => {
      if (!keeper?.shell) throw noShell(keeper ?? { name: first?.name ?? "?", address: first?.link0 ?? "?" });
      const waiting = (other: string) => {
        assertNotStopped();
        doing(`${other} is joining, waiting for it`);
      };
      lock = await takeJoinLock(keeper.shell, node, { waitMs, waiting });
      try {
        ({ members } = await wholeCluster(cluster, keeper, settleMs));
      } catch (error) {
        await turn.release();
        throw error;
      }
    },
    members: () => members,
    release: async () => {
      const held = lock;
      lock = undefined;
      await held?.release();
    },
  };
  return turn;
}

/** A host that has just joined takes a moment to be counted by all. */
const SETTLE_MS = 15_000;

async function wholeCluster(cluster: Cluster, keeper: KnownMember, settleMs: number): Promise<Cluster> {
  let now: Cluster | undefined;
  const whole = await poll(settleMs, 1_000, async () => {
    now = await keeper.ask().catch(() => undefined);
    return now?.quorate && now.presentVotes >= now.expectedVotes ? true : undefined;
  });
  if (!now || !isSameCluster(now, cluster)) {
    const words = now ? `it is in "${now.name}" now` : "it is in no cluster any more, or does not answer";
    throw new UserError("E_CLUSTER_CHANGED", `${keeper.name} is not where it was: ${words}`, {
      likely: `"${cluster.name}" was dissolved meanwhile, to join another one`,
      mend: "tailmox up again looks anew",
    });
  }
  if (whole) return now;
  throw new UserError("E_CLUSTER_NOT_WHOLE", `"${now.name}" is not whole any more: ${votesOf(now)}`, {
    likely: "a member went away, or another host is joining at this moment",
    mend: "wait until pvecm status on a member shows all votes, then run tailmox up again",
  });
}

/** Where nothing is joined. */
export const NO_TURN: JoinTurn = {
  take: async () => undefined,
  members: () => [],
  release: async () => undefined,
};
