import { z } from "zod";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Reader, Writer } from "../host/host.ts";
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
  /** Whether it is done, by looking: an exit status of 0 proves nothing (proxmox.md 0, rule A). */
  readonly isDone: () => Promise<boolean>;
  readonly onOutput?: (stdout: string) => void;
}

/**
 * Runs `qm` as a unit of its own, so that it outlives this program, its terminal and its pipes, and then looks
 * whether it did what it was asked. Throws E_QM with Proxmox's words, those of its task before its own.
 */
export async function qm(host: Host, work: QmWork): Promise<void> {
  const { node, vmid, words, what, undo, timeoutMs } = work;
  await host.change({ what, undo }, async (writer) => {
    const since = Math.floor(Date.now() / 1000);
    const unit = `tailmox-qm-${vmid}-${words[0]}-${process.pid}`;
    const ended = await runInUnit(writer, ["qm", ...words], {
      unit,
      timeoutMs,
      ...(work.onOutput && { onOutput: work.onOutput }),
    });
    if (await isDoneSoon(writer, work)) return;
    const task = await taskWords(writer, node, since, vmid).catch(() => undefined);
    const said = task ?? (ended.stderr.trim() || ended.stdout.trim().split("\n").at(-1));
    throw new UserError("E_QM", `qm ${words[0]} of VM ${vmid} did not do what it was asked`, {
      likely: ended.timedOut
        ? `it was ended after ${timeoutMs / 1000} s`
        : said || "it gave no reason, and said that all is well",
      mend: `qm ${words.join(" ")}    by hand; pvenode task list --vmid ${vmid}`,
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

/** pmxcfs and the storage may lag behind the worker by a moment. */
async function isDoneSoon(_writer: Writer, { isDone }: QmWork): Promise<boolean> {
  const seen = await poll(3_000, 500, async () => ((await isDone().catch(() => false)) ? true : undefined));
  return seen === true;
}

/** How the last task on this VM ended, by the status of its UPID; undefined when it says nothing of use. */
async function taskWords(
  reader: Reader,
  node: string,
  since: number,
  vmid: number,
): Promise<string | undefined> {
  const params = ["--source", "all", "--since", String(since), "--limit", "50"];
  const tasks = await pveshGet(reader, z.array(taskJson), `/nodes/${node}/tasks`, params);
  const last = tasks.filter(({ id }) => id === String(vmid)).sort((a, b) => b.starttime - a.starttime)[0];
  if (!last) return undefined;
  const status = await pveshGet(reader, statusJson, `/nodes/${node}/tasks/${last.upid}/status`);
  return status.exitstatus === "OK" ? undefined : status.exitstatus;
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
