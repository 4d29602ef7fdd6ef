import { execa } from "execa";
import type { HostPlan, LabPlan } from "../plan.ts";
import { entering } from "./exec.ts";

/**
 * Runs a command on a host and passes on each line of its output (both streams) as it comes. Gives the exit
 * status, null when it was ended after `timeoutMs`. Throws E_LAB_HOST_OFF.
 */
export async function hostLines(
  plan: LabPlan,
  host: HostPlan,
  argv: readonly string[],
  line: (text: string) => void,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<number | null> {
  const bound = ["timeout", "--kill-after=2", `${timeoutMs / 1000}`];
  const [file, ...args] = await entering(plan, host);
  const running = execa(file, [...args, ...bound, ...argv], { reject: false, all: true, stdin: "ignore" });
  for await (const text of running.iterable({ from: "all" })) line(text);
  const { exitCode } = await running;
  return exitCode === 124 || exitCode === 137 ? null : (exitCode ?? null);
}
