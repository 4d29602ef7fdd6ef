import type { Member } from "../cluster/facts.ts";
import { armGuard, type GuardSpec } from "../guard/arm.ts";
import { disarmGuard } from "../guard/disarm.ts";
import { AFTER_BOOT_S, AFTER_TIMEOUT_S } from "../guard/units.ts";
import type { Step } from "./step.ts";

/** Keeps other hosts from joining the same cluster meanwhile. */
export interface JoinTurn {
  /** Waits until it is this host's turn, and the cluster is whole then; throws when either does not come. */
  take(doing: (words: string) => void): Promise<void>;
  /** The members as they were under the lock; none before it is this host's turn. */
  members(): readonly Member[];
  /** Lets the next one in. Does nothing when it is not this host's turn. */
  release(): Promise<void>;
}

/** Before a join: this host will put itself back if it is not a quorate member in time. */
export function armGuardStep(spec: GuardSpec, turn: JoinTurn): Step {
  const seconds = Math.ceil(spec.joinTimeoutMs / 1000) + AFTER_TIMEOUT_S;
  return {
    name: "arm the guard",
    title: `arm the guard: if the join hangs, ${spec.node} restores itself after ${span(seconds)}, or ${AFTER_BOOT_S} s after a boot`,
    why: "a host in the middle of a join lets nobody in by ssh key or web login",
    usually: "usually 2 s",
    // Copies that are older than the join would bring back an older host.
    check: async () => false,
    do: async (host, doing) => {
      // Before the guard's clock runs: another host's join may take minutes.
      await turn.take(doing);
      doing("copying what the join replaces");
      const change = { what: "arm the guard", undo: "systemctl start tailmox-guard" };
      const armed = await host
        .change(change, (writer) => armGuard(writer, spec))
        .catch(async (error: unknown) => {
          await turn.release();
          throw error;
        });
      return `armed until ${new Date(armed.firesAt).toTimeString().slice(0, 8)}`;
    },
    undo: (host) => host.change({ what: "take the guard away", undo: "nothing" }, disarmGuard),
  };
}

function span(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
