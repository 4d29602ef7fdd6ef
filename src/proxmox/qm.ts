import { z } from "zod";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Reader } from "../host/host.ts";
import { runInUnit } from "../host/unit.ts";
import { pveshGet } from "./pvesh.ts";

/** A change of a VM by `qm`. */
export interface QmWork {
  readonly node: string;
  readonly vmid: number;
  /** What comes after `qm`. */
  readonly words: readonly [string, ...string[]];
  /** In words, for the journal. */
  readonly what: string;
  readonly undo: string;
  readonly timeoutMs: number;
  /** The task that qm starts, such as qmclone; undefined where it works without one. */
  readonly task?: string;
  /** The VM that the task is listed under, where it is not the one that changes: a clone's is its template. */
  readonly taskOf?: number;
  /** Whether it is done, by looking: an exit status of 0 proves nothing (proxmox.md 0, rule A). */
  readonly isDone: () => Promise<boolean>;
  readonly onOutput?: (stdout: string) => void;
}

/**
 * Runs `qm` as a unit of its own, so that it outlives this program, its terminal and its pipes. Done is what its task
 * says was done and what is seen to be so. Throws E_QM with Proxmox's words.
 */
export async function qm(host: Host, work: QmWork): Promise<void> {
  const { vmid, words, what, undo, timeoutMs } = work;
  await host.change({ what, undo }, async (writer) => {
    const since = Math.floor(Date.now() / 1000);
    const ended = await runInUnit(writer, ["qm", ...words], {
      unit: `tailmox-qm-${vmid}-${words[0]}-${process.pid}`,
      timeoutMs,
      // The VM itself, and a worker that is not done: half a rollback is worse than a late one.
      leaveChildren: true,
      ...(work.onOutput && { onOutput: work.onOutput }),
    });
    const task = await taskStatus(writer, work, since).catch(() => undefined);
    if (!isBad(task) && (await seenSoon(work.isDone))) return;
    const said = isBad(task) ? task : ended.stderr.trim() || ended.stdout.trim().split("\n").at(-1);
    throw new UserError("E_QM", `qm ${words[0]} of VM ${vmid} did not do what it was asked`, {
      likely: ended.timedOut
        ? `it was ended after ${timeoutMs / 1000} s`
        : said || "it gave no reason, and ended as if all were well",
      mend: `pvenode task list --vmid ${vmid}; then the same command again, which goes on from there`,
    });
  });
}

/** Tasks under way on this node. Those of a clone bear the number of what is cloned. */
export async function runningTasks(reader: Reader, node: string): Promise<Task[]> {
  const tasks = await pveshGet(reader, z.array(taskJson), `/nodes/${node}/tasks`, ["--source", "active"]);
  return tasks
    .filter(({ endtime, status }) => endtime === undefined && (status ?? "RUNNING") === "RUNNING")
    .map(({ upid, type, id }) => ({ upid, type, vmid: Number(id) }));
}

export interface Task {
  readonly upid: string;
  readonly type: string;
  /** Not a number when the task belongs to no VM. */
  readonly vmid: number;
}

/** pmxcfs may lag behind the worker by a moment. */
async function seenSoon(isDone: () => Promise<boolean>): Promise<boolean> {
  const seen = await poll(3_000, 500, async () => ((await isDone().catch(() => false)) ? true : undefined));
  return seen === true;
}

/** Unknown is not bad: then what is seen decides. */
function isBad(status: string | undefined): status is string {
  return status !== undefined && !/^(?:OK$|WARNINGS)/.test(status);
}

/** How the task ended, by the status of its UPID; undefined when there is none, or it does not say. */
async function taskStatus(reader: Reader, work: QmWork, since: number): Promise<string | undefined> {
  if (work.task === undefined) return undefined;
  const params = ["--source", "all", "--typefilter", work.task, "--since", String(since), "--limit", "50"];
  const tasks = await pveshGet(reader, z.array(taskJson), `/nodes/${work.node}/tasks`, params);
  const own = tasks.filter(({ id }) => id === String(work.taskOf ?? work.vmid));
  const last = own.sort((a, b) => b.starttime - a.starttime)[0];
  if (!last) return undefined;
  const path = `/nodes/${work.node}/tasks/${last.upid}/status`;
  return (await pveshGet(reader, statusJson, path)).exitstatus;
}

const taskJson = z.object({
  upid: z.string(),
  type: z.string(),
  id: z.coerce.string().default(""),
  starttime: z.coerce.number().default(0),
  endtime: z.coerce.number().optional(),
  status: z.string().optional(),
});

const statusJson = z.object({ status: z.string(), exitstatus: z.string().optional() });
