import { takeDown } from "../../../lab/down.ts";
import { createFabric } from "../../../lab/fabric/create.ts";
import { startRelay } from "../../../lab/fabric/relay-control.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { hostExec } from "../../../lab/machines/exec.ts";
import { must } from "../../../lab/machines/must.ts";
import { prepareHost } from "../../../lab/machines/prepare.ts";
import { type HostPlan, type LabPlan, planLab } from "../../../lab/plan.ts";
import { type ScenarioInput, scenario } from "../../../lab/scenario.ts";
import { startControl } from "../../../lab/tailnet/control.ts";
import { hostFiles } from "../../../lab/tailnet/host-files.ts";
import { startInternet } from "../../../lab/tailnet/internet.ts";
import { loginServer } from "../../../lab/tailnet/login-server.ts";
import type { RunResult } from "../../../src/host/run.ts";

/** A bookworm and a trixie host, 50 ms apart, the second behind a home router if asked; control is 20 ms away. */
export function tailnetPlan(tailnet: ScenarioInput["tailnet"], nat = false): LabPlan {
  return planLab(
    `test-tailnet-${tailnet}`,
    scenario.parse({
      name: "tailnet",
      summary: "two hosts and a control server",
      tailnet,
      sites: [{ name: "a" }, { name: "b", nat }],
      hosts: [
        { name: "pve1", site: "a", release: "pve8" },
        { name: "pve2", site: "b", release: "pve9" },
      ],
      links: [{ a: "a", b: "b", rttMs: PAIR_RTT_MS }],
      defaultLink: { rttMs: 20 },
    }),
  );
}

/** Boots the hosts on their internet; nothing is installed yet. What an interrupted run left is taken away. */
export async function startTailnetLab(plan: LabPlan): Promise<void> {
  await takeDown(plan);
  await createFabric(plan);
  await startRelay(plan);
  await startInternet(plan);
  await startControl(plan);
  const files = await hostFiles(plan);
  await Promise.all(plan.hosts.map((host) => prepareHost(plan, host, { files })));
  await Promise.all(plan.hosts.map((host) => bootHost(plan, host)));
}

export const PAIR_RTT_MS = 50;

/** The two hosts of the lab, by what they play. */
export function hostsOf(plan: LabPlan): readonly [HostPlan, HostPlan] {
  const [pve1, pve2] = plan.hosts;
  if (!pve1 || !pve2) throw new Error("the lab has two hosts");
  return [pve1, pve2];
}

/** `tailscale up` by a key, which travels by file. */
export async function logIn(
  plan: LabPlan,
  host: HostPlan,
  key: string,
  more: readonly string[] = [],
): Promise<RunResult> {
  await hostExec(plan, host, ["sh", "-c", "umask 077; cat > /root/tailnet.key"], { input: key });
  const flags = ["--login-server", loginServer(plan), "--auth-key=file:/root/tailnet.key"];
  return hostExec(plan, host, ["tailscale", "up", ...flags, "--accept-dns=false", "--timeout=30s", ...more]);
}

interface Node {
  readonly ID: string;
  readonly DNSName: string;
  readonly TailscaleIPs: readonly string[] | null;
  readonly Tags?: readonly string[];
  readonly Online: boolean;
  readonly KeyExpiry?: string;
  readonly CapMap?: Readonly<Record<string, unknown>>;
}

export interface Status {
  readonly BackendState: string;
  readonly AuthURL: string;
  readonly TUN: boolean;
  readonly Self: Node;
  readonly Peer: Readonly<Record<string, Node>> | null;
  readonly Health: readonly string[];
  readonly CertDomains: readonly string[] | null;
}

export async function statusOf(plan: LabPlan, host: HostPlan): Promise<Status> {
  return JSON.parse(await must(plan, host, ["tailscale", "status", "--json"]));
}

/** The status of a host once it is as `wanted` says; fails the test after 20 s. */
export async function statusWhen(
  plan: LabPlan,
  host: HostPlan,
  wanted: (status: Status) => boolean,
): Promise<Status> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const status = await statusOf(plan, host);
    if (wanted(status)) return status;
    if (Date.now() > deadline) throw new Error(`${host.name} stays: ${JSON.stringify(status, undefined, 2)}`);
    await Bun.sleep(100);
  }
}

/** The first IPv4 address of a host on the tailnet. */
export async function addressOf(plan: LabPlan, host: HostPlan): Promise<string> {
  return (await must(plan, host, ["tailscale", "ip", "-4"])).trim();
}
