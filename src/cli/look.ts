import { z } from "zod";
import { closedGate } from "../host/gate.ts";
import { type Host, openHost } from "../host/host.ts";
import { type Journal, noJournal, openJournal } from "../host/journal.ts";
import { localTransport } from "../host/local.ts";
import { makeScreen } from "./screen.ts";
import { telling } from "./telling.ts";

/** Flags of every command that only looks. */
export const lookFlags = z.object({
  json: z.boolean().default(false),
  verbose: z.boolean().default(false),
  logFile: z.string().optional(),
});

export type LookFlags = z.output<typeof lookFlags>;

/** This host for a command that only looks: its gate stays closed. */
export function lookHere(flags: LookFlags): Host {
  return openHost(localTransport("this host"), closedGate, lookJournal(flags));
}

/** Told on stderr with --verbose, and kept only where --log-file names a place: looking leaves no trace. */
export function lookJournal({ verbose, logFile }: LookFlags): Journal {
  const kept = logFile === undefined ? noJournal : openJournal(logFile);
  return verbose ? telling(kept, makeScreen(process.stderr)) : kept;
}
