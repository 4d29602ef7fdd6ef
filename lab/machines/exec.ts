import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { type RunResult, run } from "../../src/host/run.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { cgroupOf } from "./cgroup.ts";
import { runningInit } from "./machine.ts";
import { machinePrograms } from "./programs.ts";

export interface HostExecOptions {
  /** Written to standard input, which is closed otherwise. */
  readonly input?: string;
  /** After this many ms the command gets SIGTERM, 2 s later SIGKILL. Default 60000. */
  readonly timeoutMs?: number;
  /** Added to a login's plain environment. Not for secrets: it is seen in argv. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command as root on a host, in /root, with a plain environment. It belongs to the host in every way
 * but one: it is no login session. Does not throw for a failing command. Throws E_LAB_HOST_OFF.
 */
export async function hostExec(
  plan: LabPlan,
  host: HostPlan,
  argv: readonly [string, ...string[]],
  options: HostExecOptions = {},
): Promise<RunResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  // timeout(1) on the host: a signal to nsenter here would not reach the command there.
  const bound = ["timeout", "--kill-after=2", `${timeoutMs / 1000}`] as const;
  const enter = await entering(plan, host, options.env);
  const result = await run([...enter, ...bound, ...argv], {
    ...(options.input !== undefined && { input: options.input }),
    timeoutMs: timeoutMs + 10_000,
  });
  const timedOut =
    result.timedOut || ([124, 137].includes(result.exitCode ?? 0) && result.durationMs >= timeoutMs);
  return { ...result, argv, timedOut, exitCode: timedOut ? null : result.exitCode };
}

/** A root shell on a host, or one command, on this terminal. Gives its exit status. Throws E_LAB_HOST_OFF. */
export async function hostShell(
  plan: LabPlan,
  host: HostPlan,
  argv: readonly string[] = [],
): Promise<number> {
  const command = argv.length > 0 ? argv : ["bash", "--login"];
  const [file, ...args] = await entering(plan, host, { TERM: process.env.TERM ?? "dumb" });
  const child = spawn(file, [...args, ...command], { stdio: "inherit" });
  const [code]: (number | null)[] = await once(child, "exit");
  return code ?? 128;
}

/** The argv that leads into a host: its cgroup, its namespaces, a clean environment. */
export async function entering(
  plan: LabPlan,
  host: HostPlan,
  env: HostExecOptions["env"] = {},
): Promise<readonly [string, ...string[]]> {
  const init = await runningInit(plan, host);
  if (init === undefined) {
    throw new UserError("E_LAB_HOST_OFF", `${host.name} is switched off`, {
      likely: "it was shut down or crashed, or has not booted yet",
      mend: `npm run lab -- boot ${host.name} --name ${plan.name}`,
    });
  }
  const { hold } = await machinePrograms();
  const variables = { ...LOGIN, ...env };
  return [
    hold,
    // hold also withholds what nspawn withholds from the host: the clock, above all.
    // A leaf of its own below what the host's systemd manages: it dies with the host, and is nobody's unit.
    ...["-cgroup", join(await cgroupOf(host), "payload", "lab"), "--"],
    ...["nsenter", `--target=${init}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"],
    ...["env", "--ignore-environment", "--chdir=/root"],
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  ];
}

const LOGIN = {
  HOME: "/root",
  LANG: "C.UTF-8",
  LOGNAME: "root",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  SHELL: "/bin/bash",
  USER: "root",
};
