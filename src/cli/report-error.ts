import { UserError } from "../errors.ts";
import { redact } from "../host/redact.ts";
import { envelope } from "./envelope.ts";
import { wrap } from "./wrap.ts";

interface Circumstances {
  /** How many changes were made; undefined where that is not counted. */
  readonly changes?: number | undefined;
  readonly logPath?: string | undefined;
}

/** Shows an error to the person (stderr) or the program (stdout, JSON), and gives the exit status. */
export function reportError(error: unknown, json: boolean, circumstances: Circumstances = {}): number {
  if (json) process.stdout.write(`${errorEnvelope(error)}\n`);
  else process.stderr.write(`${errorLines(error, circumstances).join("\n")}\n`);
  return asUserError(error).exitCode;
}

/** An error for programs, secrets taken out. */
export function errorEnvelope(error: unknown): string {
  const { code, message, likely, mend, exitCode } = asUserError(error);
  return redact(envelope({ ok: false, error: { code, what: message, likely, mend, exitCode } }));
}

/** An error for people, secrets taken out. */
export function errorLines(error: unknown, { changes, logPath }: Circumstances = {}): string[] {
  const { code, message, likely, mend, exitCode } = asUserError(error);
  const log = logPath === undefined ? "" : `    Log: ${logPath}`;
  return [
    "",
    ...wrap(message, "  !!  ", "      "),
    ...wrap(likely, "      Likely: ", "              "),
    ...wrap(mend, "      Mend: ", "            "),
    `${changes === 0 ? "Nothing was changed on this host.  " : ""}(error ${code}, exit ${exitCode})${log}`,
  ].map(redact);
}

/** One place that turns what the system says into advice. */
function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = "code" in cause ? String(cause.code) : "";
  const advice = ADVICE[code];
  return new UserError("E_INTERNAL", cause.message, {
    likely: advice?.[0] ?? "a fault in tailmox, or an answer of another program that it does not know",
    mend: advice?.[1] ?? "please report this with the log",
    cause,
  });
}

const ADVICE: Record<string, readonly [string, string]> = {
  EACCES: ["the file's permissions, or /etc/pve without quorum", "run as root; pvecm status"],
  EROFS: ["the file system is mounted read-only", "dmesg; mount -o remount,rw"],
  ENOSPC: ["the disk is full", "df -h; make room, then run it again"],
  ENOTCONN: ["pmxcfs went away under /etc/pve", "systemctl status pve-cluster"],
};
