import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { parseJson } from "../host/json.ts";
import type { Output } from "./live-line.ts";

/** What the last run that changed this host said: text, mode 0600. */
export const APPLY_LOG = "/run/tailmox/apply.log";
const APPLY_FILE = "/run/tailmox/apply.json";

const applyJson = z.object({
  /** Such as "tailmox up". */
  command: z.string(),
  pid: z.number(),
  /** When the process began, in clock ticks since boot: a process id alone may be another's by now. */
  ticks: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** Absent while it runs, and for good where it was killed. */
  end: z
    .object({
      /** ISO 8601. */
      at: z.string(),
      status: z.number(),
      /** Of the error that it ended with. */
      code: z.string().optional(),
    })
    .optional(),
});

export type ApplyRecord = z.infer<typeof applyJson>;

/** The last run that changed this host since it booted; undefined when there is none. */
export function readApply(path = APPLY_FILE): ApplyRecord | undefined {
  try {
    return applyJson.safeParse(parseJson(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Whether that very process is still there. */
export function isRunning({ pid, ticks, end }: ApplyRecord): boolean {
  return end === undefined && startTicks(pid) === ticks;
}

/** What a run shows, kept for `tailmox attach` from its first line on, once it changes something. */
export interface KeptApply {
  readonly output: Output;
  /** From here on it is on the disk, in place of what the last run left. */
  begin(): void;
  end(status: number, code?: string): void;
}

/** Nothing of this may keep a run from its work: a full /run costs only what `attach` would show. */
export function keepApply(command: string, { log = APPLY_LOG, file = APPLY_FILE } = {}): KeptApply {
  const early: string[] = [];
  let record: ApplyRecord | undefined;
  return {
    output: {
      write: (text) => {
        if (record) harmless(() => appendFileSync(log, text));
        else early.push(text);
      },
    },
    begin() {
      const { pid } = process;
      record = { command, pid, ticks: startTicks(pid), startedAt: new Date().toISOString() };
      harmless(() => {
        mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
        replace(log, early.join(""));
        replace(file, JSON.stringify(record));
      });
    },
    end(status, code) {
      if (!record || record.end) return;
      const end = { at: new Date().toISOString(), status, ...(code !== undefined && { code }) };
      record = { ...record, end };
      harmless(() => replace(file, JSON.stringify(record)));
    },
  };
}

/** As a whole, for whoever reads at this moment. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function harmless(write: () => void): void {
  try {
    write();
  } catch {
    // See above.
  }
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); "" when there is no such process. */
function startTicks(pid: number): string {
  try {
    // The second field is the program's name in brackets, and may hold anything.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
