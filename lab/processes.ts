import { spawn } from "node:child_process";
import { mkdir, open, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabPlan } from "./plan.ts";

export interface DaemonOptions {
  /** Network namespace to run in, by name; that of the lab's machine otherwise. */
  readonly namespace?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where a daemon of the lab writes its output. */
export function daemonLog(plan: LabPlan, name: string): string {
  return join(plan.dir, "log", `${name}.log`);
}

/** Starts a long-running program of a lab, on its own: it outlives this process and `stopDaemon` finds it. */
export async function startDaemon(
  plan: LabPlan,
  name: string,
  argv: readonly [string, ...string[]],
  options: DaemonOptions = {},
): Promise<void> {
  await mkdir(join(plan.dir, "log"), { recursive: true });
  await mkdir(join(plan.dir, "run"), { recursive: true });
  // nsenter and not `ip netns exec`: the latter copies the mount table, and the copy would hold our disks.
  const [file, ...args]: readonly [string, ...string[]] = options.namespace
    ? ["nsenter", `--net=/run/netns/${options.namespace}`, "--", ...argv]
    : argv;
  const log = await open(daemonLog(plan, name), "a");
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: { ...process.env, ...options.env, ...markOf(plan) },
  });
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  await log.close();
  child.unref();
  await writeFile(pidFile(plan, name), `${child.pid}\n`);
}

/** SIGTERM, then after `graceMs` SIGKILL. Does nothing when it does not run. */
export async function stopDaemon(plan: LabPlan, name: string, graceMs = 3_000): Promise<void> {
  const pid = await daemonPid(plan, name);
  if (pid !== undefined) await endProcess(pid, graceMs);
  await rm(pidFile(plan, name), { force: true });
}

/** The process id of a daemon of this lab, undefined when it does not run. */
export async function daemonPid(plan: LabPlan, name: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile(plan, name), "utf8").catch(() => ""));
  // In the middle of an exec a process shows an empty environment for a moment: look again.
  for (let look = 0; pid > 0 && look < 400; look++) {
    const environ = await environOf(pid);
    if (hasMark(environ, plan.id)) return pid;
    if (environ !== "" || !(await isAlive(pid))) return undefined;
    await Bun.sleep(5);
  }
  return undefined;
}

/**
 * Kills whatever belongs to the lab: what carries its mark, and what lives in one of its namespaces.
 * Works from /proc alone, so that it also finds what a killed lab never wrote down.
 */
export async function killEverything(plan: Pick<LabPlan, "id">): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const pids = await processesOf(plan);
    if (pids.length === 0) return;
    for (const pid of pids) signal(pid, "SIGKILL");
    await Bun.sleep(40);
  }
}

/** Process ids that belong to the lab, this one excepted. */
export async function processesOf(plan: Pick<LabPlan, "id">): Promise<number[]> {
  const namespaces = new Set<string>();
  for (const file of await readdir("/run/netns").catch(() => [])) {
    if (file.startsWith(`tmx-${plan.id}-`)) {
      namespaces.add(`net:[${(await stat(join("/run/netns", file)).catch(() => undefined))?.ino}]`);
    }
  }
  const numbers = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(
    numbers.map(async (pid) => {
      if (pid === process.pid) return false;
      const net = await readlink(`/proc/${pid}/ns/net`).catch(() => "");
      return namespaces.has(net) || (await carriesMark(pid, plan.id));
    }),
  );
  return numbers.filter((_, index) => found[index]);
}

/** Ends a process by its id and waits until it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  signal(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (await isAlive(pid)) {
    if (Date.now() > deadline) signal(pid, "SIGKILL");
    if (Date.now() > deadline + 5_000) return;
    await Bun.sleep(20);
  }
}

/** In the environment of a command that works for a lab: `killEverything` finds it when the lab was killed. */
export function markOf(plan: Pick<LabPlan, "id">): Readonly<Record<string, string>> {
  return { [MARK]: plan.id };
}

const MARK = "TAILMOX_LAB";

function pidFile(plan: LabPlan, name: string): string {
  return join(plan.dir, "run", `${name}.pid`);
}

async function carriesMark(pid: number, id: string): Promise<boolean> {
  return hasMark(await environOf(pid), id);
}

function hasMark(environ: string, id: string): boolean {
  return environ.split("\0").includes(`${MARK}=${id}`);
}

async function environOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
}

/** A zombie is gone for our purpose: its parent has only not looked yet. */
async function isAlive(pid: number): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return line !== "" && !/\) [ZX] /.test(line);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal: what we wanted.
  }
}
