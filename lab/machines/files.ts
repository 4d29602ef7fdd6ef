import { UserError } from "../../src/errors.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { hostExec } from "./exec.ts";

/** Writes a file on a running host, with its permissions from the first byte. Throws E_COMMAND_FAILED, E_LAB_HOST_OFF. */
export async function writeHostFile(
  plan: LabPlan,
  host: HostPlan,
  path: string,
  content: string,
  mode: number,
): Promise<void> {
  // dd and not /dev/stdin: standard input is a socket here, and a socket cannot be opened by a path.
  const commands: readonly (readonly [string, ...string[]])[] = [
    ["install", "-D", `--mode=${mode.toString(8)}`, "/dev/null", path],
    ["dd", `of=${path}`, "status=none"],
  ];
  for (const command of commands) {
    const { exitCode, stderr } = await hostExec(plan, host, command, { input: content });
    if (exitCode === 0) continue;
    throw new UserError("E_COMMAND_FAILED", `${path} could not be written on ${host.name}`, {
      likely: stderr.trim(),
      mend: `npm run lab -- --name ${plan.name} shell ${host.name}`,
    });
  }
}
