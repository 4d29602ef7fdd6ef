import { takeDown } from "../../../lab/down.ts";
import { createFabric } from "../../../lab/fabric/create.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { hostExec } from "../../../lab/machines/exec.ts";
import { prepareHost } from "../../../lab/machines/prepare.ts";
import { type HostPlan, type LabPlan, planLab } from "../../../lab/plan.ts";
import { scenario } from "../../../lab/scenario.ts";

/** A lab of one host of each release in one LAN, without a tailnet. */
export function planOf(name: string): LabPlan {
  const sites = [{ name: "here" }];
  const hosts = [
    { name: "pve1", site: "here", release: "pve8" as const },
    { name: "pve2", site: "here", release: "pve9" as const },
  ];
  const input = { name, summary: "machines only", tailnet: "none" as const, sites, hosts };
  return planLab(`test-machines-${name}`, scenario.parse(input));
}

/** Both hosts of a plan of `planOf`. */
export function hostsOf(plan: LabPlan): [HostPlan, HostPlan] {
  const [first, second] = plan.hosts;
  if (first === undefined || second === undefined) throw new Error("the plan has two hosts");
  return [first, second];
}

/** Takes away what an interrupted run left, then makes and boots the hosts. */
export async function start(plan: LabPlan): Promise<void> {
  await takeDown(plan);
  await createFabric(plan);
  // No name server: "refused" at once, where the one of the lab's internet would be missed for seconds.
  const files = [
    { path: "/etc/resolv.conf", content: "" },
    { path: "/usr/local/bin/given", from: import.meta.path, mode: 0o755 },
  ];
  await Promise.all(plan.hosts.map((host) => prepareHost(plan, host, { files })));
  await Promise.all(plan.hosts.map((host) => bootHost(plan, host)));
}

/** A small shell script on a host; gives its output. Fails loudly. */
export async function script(plan: LabPlan, host: HostPlan, text: string): Promise<string> {
  const result = await hostExec(plan, host, ["sh", "-euc", text]);
  if (result.exitCode !== 0)
    throw new Error(`"${text}" on ${host.name}: ${result.exitCode} ${result.stderr}`);
  return result.stdout;
}
