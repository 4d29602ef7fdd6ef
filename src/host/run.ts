import { execa } from "execa";
import { UserError } from "../errors.ts";
import { outlivesTerminal } from "./interrupt.ts";

export interface RunResult {
  readonly argv: readonly string[];
  /** null when a signal ended the command, or it could not be started. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

export interface RunOptions {
  /** Written to standard input, which is closed otherwise. The place for secrets: never in argv. */
  readonly input?: string;
  /** After this many ms the command gets SIGTERM, 2 s later SIGKILL. Default 60000. */
  readonly timeoutMs?: number;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** true: in a session of its own, so that a Ctrl-C meant for this program does not reach it. */
  readonly ownSession?: boolean;
}

/**
 * Runs a program by its argument list, never through a shell, and gives back what came of it.
 * Does not throw for a failing command: look at `exitCode` and `timedOut`.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const [file, ...args] = argv;
  const timeoutMs = options.timeoutMs ?? 60_000;
  const child = execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    timeout: timeoutMs,
    forceKillAfterDelay: FORCE_MS,
    input: options.input ?? "",
    ...(options.env && { env: options.env }),
    ...(options.cwd && { cwd: options.cwd }),
    ...((options.ownSession || outlivesTerminal()) && { detached: true }),
    ...(options.signal && { cancelSignal: options.signal }),
  });
  // What the program left behind may hold its pipes open; that must not keep us waiting.
  const letGo = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const late = setTimeout(letGo, timeoutMs + FORCE_MS + 500);
  const onAbort = () => setTimeout(letGo, FORCE_MS + 500).unref();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const result = await child;
  clearTimeout(late);
  options.signal?.removeEventListener("abort", onAbort);
  const notStarted = result.exitCode === undefined && !result.timedOut ? (result.originalMessage ?? "") : "";
  return {
    argv,
    exitCode: result.exitCode ?? null,
    stdout: result.stdout,
    stderr: result.stderr || notStarted,
    timedOut: result.timedOut,
    durationMs: result.durationMs,
  };
}

/** Between SIGTERM and SIGKILL. */
const FORCE_MS = 2_000;

/** As `run`, but throws E_COMMAND_FAILED or E_COMMAND_TIMEOUT unless the command exits 0; gives its stdout. */
export async function runOk(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.exitCode === 0) return result.stdout;
  const words = result.stderr.trim() || result.stdout.trim() || "it printed nothing";
  throw result.timedOut
    ? new UserError("E_COMMAND_TIMEOUT", `${argv[0]} did not end in ${result.durationMs.toFixed(0)} ms`, {
        likely: `it hangs, or this machine is very busy: ${argv.join(" ")}`,
        mend: "run the command by hand and look what it waits for",
      })
    : new UserError("E_COMMAND_FAILED", `${argv.join(" ")} failed (exit ${result.exitCode})`, {
        likely: words.split("\n").slice(-4).join("\n"),
        mend: "run the command by hand; its own words are above",
      });
}
