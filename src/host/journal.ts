import { appendFileSync, chmodSync, mkdirSync } from "node:fs";
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

/** Keeps nothing: for dry runs and for commands that only look. */
export const noJournal: Journal = { write: () => undefined };
