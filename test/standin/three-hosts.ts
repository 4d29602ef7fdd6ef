import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { labUp } from "../../lab/up.ts";

/** A lab of three standalone hosts at three places, equally far from each other, of both releases. */
export async function threeHosts(name: string, rttMs: number): Promise<LabPlan> {
  const places = ["a", "b", "c"];
  const scenario = parseScenario(
    {
      name,
      summary: "three standalone hosts",
      tailnet: "none",
      sites: places.map((place) => ({ name: place })),
      hosts: places.map((site, index) => ({
        name: `pve${index + 1}`,
        site,
        release: index === 0 ? "pve8" : "pve9",
      })),
      defaultLink: { rttMs },
    },
    name,
  );
  await takeDown(planLab(name, scenario));
  return labUp(name, scenario);
}

/** The three hosts of such a lab. */
export function trio(plan: LabPlan): [HostPlan, HostPlan, HostPlan] {
  const [first, second, third] = plan.hosts;
  if (!first || !second || !third) throw new Error("the plan has three hosts");
  return [first, second, third];
}

/** A shell command on a host, whatever comes of it: both streams together, and the exit status. */
export async function shell(
  plan: LabPlan,
  host: HostPlan,
  command: string,
  timeoutMs = 60_000,
): Promise<{ text: string; exitCode: number | null; durationMs: number }> {
  const result = await hostExec(plan, host, ["bash", "-c", `{ ${command}\n} 2>&1`], { timeoutMs });
  return { text: result.stdout.trim(), exitCode: result.exitCode, durationMs: result.durationMs };
}
