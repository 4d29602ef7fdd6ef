import { UserError } from "../errors.ts";

let asked = false;
let changesUnderWay = 0;

/**
 * Ctrl-C, a signal or a closed terminal: ends this process at once while it only looks, and after the change
 * under way otherwise, since half a change is worse than a whole one. A second time ends it in any case.
 */
export function stopBetweenChanges(tell: (line: string) => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (changesUnderWay === 0 || asked) process.exit(130);
      asked = true;
      tell("Stopping after this step. Once more: at once, whatever that leaves behind.");
    });
  }
}

/** True once somebody asked to stop: for what waits for a person, and may be left at any time. */
export function stopAsked(): boolean {
  return asked;
}

/**
 * Runs a change to its end, with the changes that it is made of. Throws E_INTERRUPTED instead when somebody asked
 * to stop before it began.
 */
export async function uninterrupted<T>(change: () => Promise<T>): Promise<T> {
  if (asked && changesUnderWay === 0) throw interrupted();
  changesUnderWay += 1;
  try {
    return await change();
  } finally {
    changesUnderWay -= 1;
  }
}

function interrupted(): UserError {
  return new UserError("E_INTERRUPTED", "stopped between two steps, as you asked", {
    likely: "Ctrl-C, a signal, or a closed terminal; the steps above that say ok are done",
    mend: "tailmox up goes on from there",
  });
}
