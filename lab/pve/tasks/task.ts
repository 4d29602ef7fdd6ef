import { appendFileSync, writeSync } from "node:fs";
import { PveError, textOf } from "../errors.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { closeTask, logPath, openTask, processStart } from "./task-files.ts";
import { formatUpid } from "./upid.ts";

/** What the work of a task may say; all of it goes to the task's log, and of a command to its stdout. */
export interface TaskOutput {
  /** Writes text as it is. */
  print(text: string): void;
  /** `WARN: text`; the task ends with `WARNINGS: N` then. */
  warn(text: string): void;
}

export type Work = (output: TaskOutput) => Promise<void>;

export interface TaskKind {
  readonly type: string;
  readonly id: string;
  readonly user: string;
}

/**
 * Runs work as a task: identifier, log, index (proxmox.md 0, rule D). Never throws for failing work: `status`
 * has `OK`, `WARNINGS: N` or the error text. SIGINT, SIGTERM, SIGQUIT end it with `received interrupt`.
 */
export async function runTask(
  node: PveNode,
  kind: TaskKind,
  work: Work,
  options: { echo?: boolean; started?: (upid: string) => void } = {},
): Promise<{ upid: string; status: string }> {
  const upid = formatUpid({
    node: node.name,
    pid: process.pid,
    pstart: (await processStart(process.pid)) ?? 0,
    starttime: Math.floor(Date.now() / 1000),
    ...kind,
  });
  await openTask(node, upid);
  options.started?.(upid);
  let warnings = 0;
  const output: TaskOutput = {
    print(text) {
      appendFileSync(at(node, logPath(upid)), text);
      if (options.echo) writeAll(1, text);
    },
    warn(text) {
      warnings++;
      output.print(`WARN: ${text}\n`);
    },
  };
  const settled = settle(work(output));
  const outcome = await Promise.race([settled, interrupted().then((why) => (cooperative ? settled : why))]);
  const status = outcome ?? (warnings > 0 ? `WARNINGS: ${warnings}` : "OK");
  await closeTask(node, upid, status);
  return { upid, status };
}

/**
 * For work that takes back what it made: when its process is told to end, it is not left where it stands, but ends at
 * its next call of the function that this gives, which throws `interrupted by signal`.
 */
export function endsItself(): () => void {
  cooperative = true;
  return () => {
    if (signalled) throw new PveError("interrupted by signal");
  };
}

let cooperative = false;
let signalled = false;

/** Writes to a descriptor at once, also to a full pipe; a reader that went away is no error of ours. */
export function writeAll(fd: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      Bun.sleepSync(5);
    }
  }
}

async function settle(work: Promise<void>): Promise<string | undefined> {
  return await work.then(
    () => undefined,
    (error) => textOf(error).trimEnd(),
  );
}

function interrupted(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT"] as const) {
      // Not once: a terminal and timeout(1) send it twice, and the second would end us before the log is closed.
      process.on(signal, () => {
        signalled = true;
        resolve("received interrupt");
      });
    }
    process.on("SIGHUP", () => resolve("broken pipe"));
  });
}
