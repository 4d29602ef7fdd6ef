import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { type JoinLock, takeJoinLock } from "../proxmox/join-lock.ts";
import type { JoinTurn } from "../steps/arm-guard.ts";
import { votesOf } from "../steps/half-joined.ts";

interface KnownMember {
  readonly address: string;
  readonly shell?: Host;
  readonly ask: () => Promise<Cluster | undefined>;
}

/**
 * One join at a time: the lock lies on the member with the lowest node id, where root's ssh leads there; by the
 * API alone there is none. Either way the cluster is asked once more before the join begins: another host may
 * have joined, or failed to, since the plan was made.
 */
export function joinTurn(
  node: string,
  cluster: Cluster,
  known: readonly KnownMember[],
  waitMs: number,
): JoinTurn {
  const reached = (address: string) => known.find((one) => one.address === address);
  const lowest = reached(cluster.members[0]?.link0 ?? "");
  const member = lowest ?? known.find((one) => cluster.members.some(({ link0 }) => link0 === one.address));
  let lock: JoinLock | undefined;
  const turn: JoinTurn = {
    take: async (doing) => {
      if (lowest?.shell) {
        const waiting = (other: string) => doing(`${other} is joining, waiting for it`);
        lock = await takeJoinLock(lowest.shell, node, { waitMs, waiting });
      }
      const now = await member?.ask().catch(() => undefined);
      if (now === undefined || (now.quorate && now.presentVotes >= now.expectedVotes)) return;
      await turn.release();
      throw new UserError("E_CLUSTER_NOT_WHOLE", `"${now.name}" is not whole any more: ${votesOf(now)}`, {
        likely: "a member went away, or another host is joining at this moment",
        mend: "wait until pvecm status on a member shows all votes, then run tailmox up again",
      });
    },
    release: async () => {
      const held = lock;
      lock = undefined;
      await held?.release();
    },
  };
  return turn;
}

/** Where nothing is joined. */
export const NO_TURN: JoinTurn = { take: async () => undefined, release: async () => undefined };
