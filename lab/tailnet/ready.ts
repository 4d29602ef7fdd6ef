import { readFile } from "node:fs/promises";
import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { daemonLog, daemonPid } from "../processes.ts";

/**
 * Waits until `check` gives something for a daemon of the lab. Throws E_LAB_TAILNET with the daemon's last
 * words when it ends, or is not ready after `timeoutMs`.
 */
export async function untilReady<T>(
  plan: LabPlan,
  daemon: string,
  check: (pid: number) => Promise<T | undefined>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pid = await daemonPid(plan, daemon);
    const ready = pid === undefined ? undefined : await check(pid);
    if (ready !== undefined) return ready;
    if (pid === undefined) throw await notReady(plan, daemon, "ended at once");
    if (Date.now() > deadline)
      throw await notReady(plan, daemon, `was not ready after ${timeoutMs / 1000} s`);
    await Bun.sleep(25);
  }
}

/** A check for `untilReady`: the daemon listens on a TCP or UDP port of its own network namespace. */
export function listensOn(protocol: "tcp" | "udp", port: number): (pid: number) => Promise<true | undefined> {
  return async (pid) => {
    const tables = await Promise.all(
      [protocol, `${protocol}6`].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8").catch(() => "")),
    );
    return tables.some((table) => hasListener(table, port)) ? true : undefined;
  };
}

/** Whether a table of /proc/net has a listening TCP socket (state 0A) or a bound UDP socket (07) on `port`. */
export function hasListener(table: string, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 (0A|07) `, "m").test(table);
}

async function notReady(plan: LabPlan, daemon: string, how: string): Promise<UserError> {
  const log = daemonLog(plan, daemon);
  const lastWords = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");
  return new UserError("E_LAB_TAILNET", `${daemon} of the lab "${plan.name}" ${how}`, {
    likely: lastWords || "it printed nothing",
    mend: `look into ${log}`,
  });
}
