import { UserError } from "../errors.ts";
import type { Change } from "./host.ts";
import { uninterrupted } from "./interrupt.ts";
import type { Journal } from "./journal.ts";

/** The one way to a change of any host. */
export interface Gate {
  /** How many changes went through. */
  readonly passed: number;
  pass<T>(host: string, change: Change, apply: () => Promise<T>): Promise<T>;
}

/** Lets changes through, and writes each into the journal before it begins and after it ended. */
export function openGate(journal: Journal): Gate {
  let passed = 0;
  return {
    get passed() {
      return passed;
    },
    async pass(host, change, apply) {
      const started = performance.now();
      journal.write({ event: "change", host, what: change.what, undo: change.undo });
      const ended = (how: object) => {
        const ms = Math.round(performance.now() - started);
        journal.write({ event: "changed", host, what: change.what, ms, ...how });
      };
      try {
        passed += 1;
        const result = await uninterrupted(apply);
        ended({ ok: true });
        return result;
      } catch (error) {
        ended({ ok: false, error: String(error) });
        throw error;
      }
    },
  };
}

/** What `--dry-run` stands behind: nothing passes, whoever asks. */
export const closedGate: Gate = {
  passed: 0,
  async pass(host, change) {
    throw new UserError("E_INTERNAL", `a dry run was about to change ${host}: ${change.what}`, {
      likely: "a fault in tailmox; the change was stopped",
      mend: "please report this",
    });
  },
};
