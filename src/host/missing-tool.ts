import { UserError } from "../errors.ts";
import type { RunResult } from "./run.ts";

/** True when there is no such program: locally it could not be started, over ssh the shell says 127. */
export function isMissing(result: RunResult): boolean {
  const notStarted = result.exitCode === null && /ENOENT|Executable not found/.test(result.stderr);
  return notStarted || result.exitCode === 127;
}

/** Throws E_TOOL_MISSING when the program is not there: that must never be read as an answer. */
export function assertPresent(result: RunResult, debianPackage: string): RunResult {
  if (!isMissing(result)) return result;
  throw new UserError("E_TOOL_MISSING", `the program ${result.argv[0]} is missing on this host`, {
    likely: `the Debian package ${debianPackage} is not installed`,
    mend: `apt-get install ${debianPackage}`,
  });
}
