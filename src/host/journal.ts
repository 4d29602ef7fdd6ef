import { appendFileSync, chmodSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { redact } from "./redact.ts";

/** What was done, line by line, for whoever has to find out later. */
export interface Journal {
  /** Where it is kept; undefined when nothing is. */
  readonly path?: string;
  write(entry: Readonly<Record<string, unknown>>): void;
}

/** JSON lines with time, secrets taken out, mode 0600. Throws E_LOG_FILE when the file cannot be written. */
export function openJournal(path: string): Journal {
  const write: Journal["write"] = (entry) => {
    const line = redact(JSON.stringify({ time: new Date().toISOString(), ...entry }));
    appendFileSync(path, `${line}\n`, { mode: 0o600 });
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    rotate(path);
    write({ event: "start", pid: process.pid });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new UserError("E_LOG_FILE", `the log ${path} cannot be written`, {
      likely: cause instanceof Error ? cause.message : String(cause),
      mend: "choose another place with --log-file FILE",
      cause,
    });
  }
  return { path, write };
}

/** Before a run writes, so that a run stands in one file: FILE, then FILE.1, FILE.2, FILE.3, the oldest goes. */
function rotate(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LONGEST_BYTES) return;
  for (let age = KEPT; age > 0; age--) {
    const younger = age === 1 ? path : `${path}.${age - 1}`;
    if (statSync(younger, { throwIfNoEntry: false })) renameSync(younger, `${path}.${age}`);
  }
}

/** A run writes some 50 kB. */
const LONGEST_BYTES = 5_000_000;
const KEPT = 3;

/** Keeps nothing: for dry runs and for commands that only look. */
export const noJournal: Journal = { write: () => undefined };
