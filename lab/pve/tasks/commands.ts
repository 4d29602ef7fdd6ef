import { run } from "../../../src/host/run.ts";
import { PveError } from "../errors.ts";
import type { TaskOutput } from "./task.ts";

type Argv = readonly [string, ...string[]];

/**
 * Runs a command of a task; both of its streams go to the task's output (proxmox.md 0, rule B).
 * Throws `ERRMSG: exit code N`, ERRMSG being `command '...' failed` unless given.
 */
export async function taskCommand(
  output: TaskOutput,
  argv: Argv,
  options: { failure?: string; quiet?: boolean; timeoutMs?: number; input?: string } = {},
): Promise<string> {
  const result = await run(argv, {
    timeoutMs: options.timeoutMs ?? 300_000,
    ...(options.input !== undefined && { input: options.input }),
  });
  if (!options.quiet) {
    if (result.stdout) output.print(result.stdout);
    if (result.stderr) output.print(result.stderr);
  }
  if (result.exitCode !== 0) {
    const why = result.timedOut ? "got timeout" : `exit code ${result.exitCode ?? 255}`;
    throw new PveError(`${options.failure ?? `command '${argv.join(" ")}' failed`}: ${why}`);
  }
  return result.stdout;
}
