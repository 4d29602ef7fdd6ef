import type { HostPlan, LabPlan } from "../plan.ts";
import { type HostExecOptions, hostExec } from "./exec.ts";

/** As `hostExec`, for an argv or a bash script that has to end with 0: gives its stdout. Throws its words otherwise. */
export async function must(
  plan: LabPlan,
  host: HostPlan,
  command: string | readonly [string, ...string[]],
  options: HostExecOptions = {},
): Promise<string> {
  const argv = typeof command === "string" ? (["bash", "-c", command] as const) : command;
  const { exitCode, stdout, stderr } = await hostExec(plan, host, argv, options);
  if (exitCode === 0) return stdout;
  throw new Error(`${host.name}: ${argv.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
}
