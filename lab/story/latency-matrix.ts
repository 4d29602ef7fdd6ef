import { hostExec } from "../machines/exec.ts";
import { pingFrom } from "../measure.ts";
import type { HostPlan, LabPlan } from "../plan.ts";

/** All pairs of hosts as a table: what the scenario asks, and the median of pings over the tailnet. */
export async function latencyMatrix(plan: LabPlan): Promise<string> {
  const addresses = new Map(
    await Promise.all(plan.hosts.map(async (host) => [host.name, await tailnetAddress(plan, host)] as const)),
  );
  const rows = await Promise.all(
    plan.hosts.map(async (from) => {
      const cells = await Promise.all(
        plan.hosts.map(async (to) => {
          if (from === to) return "-";
          const address = addresses.get(to.name);
          const measured = address ? await pingFrom(from.namespace, address) : undefined;
          return `${askedMs(plan, from, to)} / ${measured?.medianMs?.toFixed(1) ?? "no answer"}`;
        }),
      );
      return [from.name, ...cells];
    }),
  );
  return [["", ...plan.hosts.map((host) => host.name)], ...rows]
    .map(
      (row) => `  ${row.map((cell, index) => (index === 0 ? cell.padEnd(8) : cell.padStart(16))).join("")}`,
    )
    .join("\n");
}

/** The address of a host on the tailnet, undefined when it has none. */
export async function tailnetAddress(plan: LabPlan, host: HostPlan): Promise<string | undefined> {
  const { exitCode, stdout } = await hostExec(plan, host, ["tailscale", "ip", "-4"], { timeoutMs: 10_000 });
  return exitCode === 0 ? stdout.trim() : undefined;
}

/** The round trip that the scenario asks for between two hosts, in ms. */
export function askedMs(plan: LabPlan, from: HostPlan, to: HostPlan): number | undefined {
  const roles = [from, to].map((host) => (host.wan ? host.name : `router-${host.site}`));
  return plan.links.find(({ a, b }) => roles.includes(a) && roles.includes(b))?.settings.rttMs;
}
