import { readLinks } from "./fabric/relay-control.ts";
import { hostExec } from "./machines/exec.ts";
import { isRunning } from "./machines/machine.ts";
import { pingFrom } from "./measure.ts";
import type { HostPlan, LabPlan } from "./plan.ts";
import { tailnetAddress } from "./story/latency-matrix.ts";

export interface HostStatus {
  readonly name: string;
  readonly site: string;
  readonly release: string;
  readonly running: boolean;
  /** `standalone`, `quorate 3 of 3`, `not quorate 1 of 3`, or `unknown`. */
  readonly cluster: string;
  readonly tailnet: string | undefined;
}

export interface LinkStatus {
  readonly a: string;
  readonly b: string;
  readonly askedMs: number;
  readonly cut: boolean;
  readonly measuredMs: number | undefined;
}

export interface LabStatus {
  readonly name: string;
  readonly scenario: string;
  readonly hosts: readonly HostStatus[];
  readonly links: readonly LinkStatus[];
}

/** Looks at every host and link of a lab, all at once (about 2 s, for the pings). */
export async function labStatus(plan: LabPlan): Promise<LabStatus> {
  const [hosts, links] = await Promise.all([
    Promise.all(plan.hosts.map((host) => hostStatus(plan, host))),
    linkStatus(plan),
  ]);
  return { name: plan.name, scenario: plan.scenario.name, hosts, links };
}

/** The status as a screen of text. */
export function renderStatus({ name, scenario, hosts, links }: LabStatus): string {
  const running = hosts.filter((host) => host.running).length;
  return [
    `lab "${name}" (${scenario})  ${running} of ${hosts.length} hosts run`,
    "  host      site      plays  state  tailnet         cluster",
    ...hosts.map((host) =>
      [
        `  ${host.name.padEnd(9)}`,
        host.site.padEnd(9),
        host.release.padEnd(6),
        (host.running ? "up" : "off").padEnd(6),
        (host.tailnet ?? "-").padEnd(15),
        host.cluster,
      ].join(" "),
    ),
    "  link                 asked      measured",
    ...links.map(({ a, b, askedMs, cut, measuredMs }) =>
      [
        `  ${`${a} - ${b}`.padEnd(20)}`,
        `${askedMs} ms`.padEnd(10),
        cut ? "cut" : measuredMs === undefined ? "no answer" : `${measuredMs.toFixed(1)} ms`,
      ].join(" "),
    ),
  ].join("\n");
}

async function hostStatus(plan: LabPlan, host: HostPlan): Promise<HostStatus> {
  const running = await isRunning(plan, host);
  const [tailnet, cluster] = running
    ? await Promise.all([tailnetAddress(plan, host), clusterWord(plan, host)])
    : [undefined, "unknown"];
  return { name: host.name, site: host.site, release: host.release, running, cluster, tailnet };
}

async function clusterWord(plan: LabPlan, host: HostPlan): Promise<string> {
  const [there, { stdout }] = await Promise.all([
    hostExec(plan, host, ["test", "-e", "/etc/corosync/corosync.conf"]),
    hostExec(plan, host, ["corosync-quorumtool", "-s"], { timeoutMs: 10_000 }),
  ]);
  if (there.exitCode !== 0) return "standalone";
  const field = (label: string) => new RegExp(`^${label}:\\s+(\\S+)`, "m").exec(stdout)?.[1];
  const quorate = field("Quorate");
  if (!quorate) return "unknown (corosync does not answer)";
  return `${quorate === "Yes" ? "quorate" : "not quorate"} ${field("Total votes")} of ${field("Expected votes")}`;
}

async function linkStatus(plan: LabPlan): Promise<LinkStatus[]> {
  const links = await readLinks(plan);
  const port = (role: string) => plan.ports.find((candidate) => candidate.role === role);
  return Promise.all(
    links
      .filter(({ a, b }) => a !== "internet" && b !== "internet")
      .map(async ({ a, b, settings, cut }) => {
        const [from, to] = [port(a), port(b)];
        const measured = from && to ? await pingFrom(from.namespace, to.address) : undefined;
        return { a, b, askedMs: settings.rttMs, cut, measuredMs: measured?.medianMs };
      }),
  );
}
