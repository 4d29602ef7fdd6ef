import { UserError } from "../errors.ts";

let asked = false;
let outlives = false;
let changesUnderWay = 0;

/** `between` two changes, or in the `middle` of one. */
export type StopPlace = "between" | "middle";

/**
 * Ctrl-C, a signal or a closed terminal: ends this process at once while it only looks, and after the change
 * under way otherwise, since half a change is worse than a whole one. A second time ends it in any case. `leave`
 * has the last word, and ends the process.
 */
export function stopBetweenChanges(
  tell: (line: string) => void,
  leave: (place: StopPlace) => void = () => process.exit(130),
): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (signal === "SIGHUP" && outlives) return;
      if (changesUnderWay === 0) return leave("between");
      if (asked) return leave("middle");
      asked = true;
      tell("Stopping after this step. Once more: at once, in the middle of it, whatever that leaves behind.");
    });
  }
}

/** From now on a closed terminal ends neither this process nor the programs that it starts. */
export function outliveTerminal(): void {
  outlives = true;
}

/** True when programs are to be started out of reach of the terminal's signals. */
export function outlivesTerminal(): boolean {
  return outlives;
}

/** True once somebody asked to stop: for what waits for a person, and may be left at any time. */
export function stopAsked(): boolean {
  return asked;
}

/** For what waits inside a step for something that may take minutes: throws E_INTERRUPTED once somebody asked to stop. */
export function assertNotStopped(): void {
  if (asked) throw interrupted("between");
}

/**
 * Runs a change, or a step of several, to its end. Throws E_INTERRUPTED instead when somebody asked to stop before
 * it began.
 */
export async function uninterrupted<T>(change: () => Promise<T>): Promise<T> {
  if (asked && changesUnderWay === 0) throw interrupted("between");
  changesUnderWay += 1;
  try {
    return await change();
  } finally {
    changesUnderWay -= 1;
  }
}

export function interrupted(place: StopPlace): UserError {
  const again = "run the same command again: it looks what stands, and goes on from there";
  return place === "between"
    ? new UserError("E_INTERRUPTED", "stopped between two steps, as you asked", {
        likely: "Ctrl-C, a signal, or a closed terminal; the steps above that say ok are done",
        mend: again,
      })
    : new UserError("E_INTERRUPTED", "ended in the middle of a step, as you asked twice", {
        likely:
          "what the step had begun stays as it is; a join goes on by itself, and its guard puts this host back " +
          "unless it succeeds",
        mend: again,
      });
}
