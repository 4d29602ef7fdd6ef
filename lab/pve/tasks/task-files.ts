import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { readText } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { parseUpid, type Upid } from "./upid.ts";

const TASKS = "/var/log/pve/tasks";
/** One empty file per task that has not ended; our own, Proxmox keeps a list in a file `active`. */
const RUNNING = "/run/lab-pve-tasks";

export interface TaskState extends Upid {
  readonly running: boolean;
  /** `OK`, `WARNINGS: N` or the error; undefined while it runs. */
  readonly exitstatus?: string;
  readonly endtime?: number;
}

/** The log of a task (proxmox.md 0, rule D). */
export function logPath(upid: string): `/${string}` {
  const starttime = parseUpid(upid)?.starttime ?? 0;
  return `${TASKS}/${(starttime & 15).toString(16).toUpperCase()}/${upid}`;
}

/** Makes the log, and notes that the task runs. */
export async function openTask(node: PveNode, upid: string): Promise<void> {
  await mkdir(at(node, logPath(upid)).replace(/\/[^/]*$/, ""), { recursive: true });
  await mkdir(at(node, RUNNING), { recursive: true });
  await writeFile(at(node, logPath(upid)), "");
  await writeFile(at(node, `${RUNNING}/${upid.replaceAll("/", "%2f")}`), "");
}

/** Writes the log's last line and the line of the index. */
export async function closeTask(node: PveNode, upid: string, status: string): Promise<void> {
  const last =
    status === "OK" ? "TASK OK" : /^WARNINGS: \d+$/.test(status) ? `TASK ${status}` : `TASK ERROR: ${status}`;
  const log = await readFile(at(node, logPath(upid)), "utf8").catch(() => "");
  await appendFile(at(node, logPath(upid)), `${log === "" || log.endsWith("\n") ? "" : "\n"}${last}\n`);
  const ended = Math.floor(Date.now() / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(8, "0");
  await appendFile(at(node, `${TASKS}/index`), `${upid} ${ended} ${oneLine(status)}\n`);
  await rm(at(node, `${RUNNING}/${upid.replaceAll("/", "%2f")}`), { force: true });
}

/** A task's state from its log and its process; undefined when there was no such task. */
export async function taskState(node: PveNode, text: string): Promise<TaskState | undefined> {
  const upid = parseUpid(text);
  const log = upid && (await readText(node, logPath(text)));
  if (!upid || log === undefined) return undefined;
  if (await isRunning(upid)) return { ...upid, running: true };
  const last = log.trimEnd().split("\n").at(-1) ?? "";
  const exitstatus = /^TASK (?:ERROR: )?(.*)$/.exec(last)?.[1] ?? "unexpected status";
  return { ...upid, running: false, exitstatus };
}

/** Ended tasks from the index, newest first. */
export async function endedTasks(node: PveNode): Promise<TaskState[]> {
  const index = (await readText(node, `${TASKS}/index`)) ?? "";
  return index
    .split("\n")
    .flatMap((line): TaskState[] => {
      const [, text = "", ended = "", exitstatus = ""] = /^(\S+) ([0-9A-F]+) (.*)$/.exec(line) ?? [];
      const upid = parseUpid(text);
      return upid ? [{ ...upid, running: false, exitstatus, endtime: Number.parseInt(ended, 16) }] : [];
    })
    .reverse();
}

/** Tasks that run now, newest first. */
export async function runningTasks(node: PveNode): Promise<TaskState[]> {
  const names = await readdir(at(node, RUNNING)).catch(() => []);
  const upids = names.flatMap((name) => parseUpid(name.replaceAll("%2f", "/")) ?? []);
  const alive = await Promise.all(upids.map(isRunning));
  return upids
    .filter((_, index) => alive[index])
    .map((upid): TaskState => ({ ...upid, running: true }))
    .sort((a, b) => b.starttime - a.starttime);
}

/** Start of a process in clock ticks since boot: field 22 of its stat; undefined when it is gone. */
export async function processStart(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.length > 19 ? Number(fields[19]) : undefined;
}

/** The log is complete before the process ends, but a process may die without a last line. */
async function isRunning(upid: Upid): Promise<boolean> {
  return (await processStart(upid.pid)) === upid.pstart;
}

function oneLine(status: string): string {
  return status.replace(/\s*\n\s*/g, " ").trim();
}
