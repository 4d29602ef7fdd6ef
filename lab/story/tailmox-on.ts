import { hostLines } from "../machines/lines.ts";
import type { HostPlan, LabPlan } from "../plan.ts";

/** Runs tailmox on a host and passes on each line that it prints, behind the host's name. Gives the exit status. */
export async function tailmoxOn(
  plan: LabPlan,
  host: HostPlan | undefined,
  argv: readonly string[],
  line: (line: string) => void,
): Promise<number | null> {
  if (!host) return null;
  return hostLines(plan, host, ["tailmox", ...argv], (text) => line(`  ${host.name} | ${text}`), {
    timeoutMs: 300_000,
  });
}
