import { UserError } from "../errors.ts";
import type { Argv, Writer } from "./host.ts";

export interface UnitResult {
  readonly stdout: string;
  readonly stderr: string;
  /** True when it was ended because its time was over. */
  readonly timedOut: boolean;
  readonly durationMs: number;
}

export interface UnitOptions {
  /** Name of the unit, without suffix. */
  readonly unit: string;
  /** Its standard input; kept in a file of mode 0600 under /run until the program has opened it. */
  readonly input?: string;
  readonly timeoutMs: number;
  /** true: what the program started goes on when it ends, or is ended. */
  readonly leaveChildren?: boolean;
  /** Called about twice a second with all that it has printed so far. */
  readonly onOutput?: (stdout: string) => void;
}

/**
 * Runs a program as a transient systemd unit and waits for its end. The unit does not depend on this process,
 * its terminal or its pipes, and when its time is over systemd ends every process in it, provably: a program
 * such as pvecm forks workers that a signal to it alone would leave behind.
 */
export async function runInUnit(writer: Writer, argv: Argv, options: UnitOptions): Promise<UnitResult> {
  const { unit, timeoutMs } = options;
  const file = (kind: UnitFile) => unitFile(unit, kind);
  const started = performance.now();
  try {
    await writer.write(file("in"), options.input ?? "", 0o600);
    await start(writer, argv, options, file);
    await writer.remove(file("in"));
    const timedOut = !(await ended(writer, options, file("out")));
    if (timedOut) await writer.run(["systemctl", "stop", unit], { timeoutMs: 30_000 });
    return {
      stdout: (await writer.text(file("out"))) ?? "",
      stderr: (await writer.text(file("err"))) ?? "",
      timedOut,
      durationMs: performance.now() - started,
    };
  } finally {
    await removeUnitFiles(writer, unit);
    await writer.run(["systemctl", "reset-failed", unit], { timeoutMs: 10_000 });
  }

  async function ended(reader: Writer, { onOutput }: UnitOptions, out: string): Promise<boolean> {
    for (let pauseMs = 50; performance.now() - started < timeoutMs; pauseMs = Math.min(400, 2 * pauseMs)) {
      await Bun.sleep(pauseMs);
      onOutput?.((await reader.text(out)) ?? "");
      if (!(await isActive(reader, unit))) return true;
    }
    return false;
  }
}

/** What a run that was killed left of its unit: its output, and perhaps a secret that was meant for its input. */
export async function removeUnitFiles(writer: Writer, unit: string): Promise<void> {
  for (const kind of ["in", "out", "err"] as const) await writer.remove(unitFile(unit, kind));
}

type UnitFile = "in" | "out" | "err";

function unitFile(unit: string, kind: UnitFile): string {
  return `/run/tailmox/${unit}.${kind}`;
}

async function start(
  writer: Writer,
  argv: Argv,
  { unit, leaveChildren }: UnitOptions,
  file: (kind: UnitFile) => string,
): Promise<void> {
  const properties = [
    `StandardInput=file:${file("in")}`,
    `StandardOutput=truncate:${file("out")}`,
    `StandardError=truncate:${file("err")}`,
    "TimeoutStopSec=10",
    ...(leaveChildren ? ["KillMode=process"] : []),
    // pvecm runs ssh-copy-id, which looks for the keys under HOME.
    "Environment=HOME=/root LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ].map((property) => `--property=${property}`);
  const result = await writer.run(
    ["systemd-run", "--quiet", "--service-type=exec", `--unit=${unit}`, ...properties, "--", ...argv],
    { timeoutMs: 30_000 },
  );
  if (result.exitCode === 0) return;
  throw new UserError("E_COMMAND_FAILED", `${argv[0]} could not be started as unit ${unit}`, {
    likely: result.stderr.trim() || "systemd-run printed nothing",
    mend: "systemctl status; then try again",
  });
}

async function isActive(writer: Writer, unit: string): Promise<boolean> {
  const { stdout } = await writer.run(["systemctl", "show", unit, "--property=ActiveState"], {
    timeoutMs: 10_000,
  });
  return /^ActiveState=(active|activating|deactivating|reloading)$/m.test(stdout);
}
