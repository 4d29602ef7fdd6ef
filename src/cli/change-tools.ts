import { z } from "zod";
import { UserError } from "../errors.ts";
import { closedGate, openGate } from "../host/gate.ts";
import { type Host, openHost } from "../host/host.ts";
import { stopBetweenChanges } from "../host/interrupt.ts";
import { type Journal, noJournal, openJournal } from "../host/journal.ts";
import { localTransport } from "../host/local.ts";
import { askOnTerminal } from "./ask.ts";
import { reportError } from "./report-error.ts";
import { makeScreen } from "./screen.ts";
import { telling } from "./telling.ts";

/** Flags of every command that changes the tailnet. */
export const changeFlags = z.object({
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  verbose: z.boolean().default(false),
  logFile: z.string(),
});

/** This host with its gate and journal; the gate is closed for a dry run. */
export function openChange({ dryRun, verbose, logFile }: z.output<typeof changeFlags>): {
  host: Host;
  journal: Journal;
} {
  const kept = dryRun ? noJournal : openJournal(logFile);
  const journal = verbose ? telling(kept, makeScreen(process.stderr)) : kept;
  stopBetweenChanges((line) => console.error(line));
  return {
    host: openHost(localTransport("this host"), dryRun ? closedGate : openGate(journal), journal),
    journal,
  };
}

/** Runs the work; what it throws goes into the journal and to the person. Gives the exit status. */
export async function journalled(
  journal: Journal,
  json: boolean,
  work: () => Promise<number>,
): Promise<number> {
  try {
    const status = await work();
    journal.write({ event: "end", status });
    return status;
  } catch (error) {
    journal.write({
      event: "end",
      code: error instanceof UserError ? error.code : "E_INTERNAL",
      error: String(error),
    });
    return reportError(error, json, { logPath: journal.path });
  }
}

/** Whether the person agrees to what was shown. Throws E_NOT_AGREED where nobody can be asked. */
export async function isAgreed(
  question: string,
  { yes, json }: { yes: boolean; json: boolean },
): Promise<boolean> {
  if (yes) return true;
  const ask = json ? undefined : askOnTerminal();
  if (ask) return ask.goOn(question);
  throw new UserError("E_NOT_AGREED", "nobody agreed to this change, so nothing was changed", {
    likely: "there is no terminal to ask on",
    mend: "look at it with --dry-run, then run it with --yes",
  });
}

export function notAgreed(): UserError {
  return new UserError("E_NOT_AGREED", "nothing was changed", {
    likely: "the answer was no",
    mend: "run it again when it is wanted",
  });
}
