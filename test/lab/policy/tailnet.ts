import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { takeDown } from "../../../lab/down.ts";
import { createFabric } from "../../../lab/fabric/create.ts";
import { inNamespace } from "../../../lab/fabric/in-namespace.ts";
import { runDir } from "../../../lab/fabric/namespaces.ts";
import { startRelay } from "../../../lab/fabric/relay-control.ts";
import { type HostPlan, type LabPlan, planLab } from "../../../lab/plan.ts";
import { startDaemon } from "../../../lab/processes.ts";
import { scenario } from "../../../lab/scenario.ts";
import { createAuthKey } from "../../../lab/tailnet/auth-key.ts";
import { startControl } from "../../../lab/tailnet/control.ts";
import { loginServer } from "../../../lab/tailnet/login-server.ts";
import { setPolicy } from "../../../lab/tailnet/policy.ts";
import { ensurePrograms } from "../../../lab/tailnet/programs.ts";
import { poll } from "../../../src/host/deadline.ts";
import { type RunResult, run, runOk } from "../../../src/host/run.ts";
import { parsePrefix } from "../../../src/policy/prefix.ts";

/** A device of the real tailnet: a tailscaled in a namespace, without a host around it. */
export interface Peer {
  readonly name: string;
  readonly tags: readonly string[];
  readonly plan: HostPlan;
  /** IPv4. */
  readonly address: string;
}

/** headscale, two members of the cluster, a laptop of the user lab@, and a device with another tag. */
export const DEVICES = {
  pve1: ["tag:tailmox"],
  pve2: ["tag:tailmox"],
  laptop: [],
  nas: ["tag:other"],
} as const;

export function policyLab(name: string): LabPlan {
  return planLab(
    name,
    scenario.parse({
      name: "policy",
      summary: "four devices and a headscale",
      tailnet: "headscale",
      sites: [{ name: "a" }],
      hosts: [...Object.keys(DEVICES), "fresh"].map((host) => ({ name: host, site: "a", release: "pve9" })),
      defaultLink: { rttMs: 4 },
    }),
  );
}

/** Starts it all and logs the devices in. */
export async function startPolicyLab(plan: LabPlan): Promise<readonly Peer[]> {
  await takeDown(plan);
  await createFabric(plan);
  await startRelay(plan);
  await startControl(plan);
  await setPolicy(plan, '{ "tagOwners": { "tag:tailmox": [], "tag:other": [] } }');
  return Promise.all(
    Object.entries(DEVICES).map(async ([name, tags]) => {
      const host = hostOf(plan, name);
      await startTailscaled(plan, host);
      const key = await createAuthKey(plan, { tags: [...tags] });
      const answer = await logIn(plan, host, key);
      if (answer.exitCode !== 0) throw new Error(`${name} was not let in: ${answer.stderr}`);
      const address = (await tailscale(plan, host, ["ip", "-4"])).stdout.trim();
      return { name, tags, plan: host, address };
    }),
  );
}

export function hostOf(plan: LabPlan, name: string): HostPlan {
  const host = plan.hosts.find((each) => each.name === name);
  if (!host) throw new Error(`the lab has no ${name}`);
  return host;
}

/** A tailscaled in the host's namespace (tailscale.md 9). */
export async function startTailscaled(plan: LabPlan, host: HostPlan): Promise<void> {
  const { tailscaled } = await ensurePrograms();
  const state = join(plan.dir, "tailscale", host.name);
  await mkdir(state, { recursive: true, mode: 0o700 });
  // Addresses of devices that a policy hides must not be looked for on the lab's internet, which refuses at once.
  await runOk(["ip", "-n", host.namespace, "route", "add", "blackhole", "100.64.0.0/10"]);
  // Else the kernel tells of six closed UDP ports, and keeps silent about the next for a while.
  await runOk(inNamespace(host.namespace, ["sysctl", "-q", "-w", "net.ipv4.icmp_ratelimit=0"]));
  const argv = [
    tailscaled,
    "--tun=ts0",
    `--statedir=${state}`,
    `--socket=${socketOf(plan, host)}`,
    "--port=41641",
  ] as const;
  await startDaemon(plan, `tailscaled-${host.name}`, [...argv, "--no-logs-no-support"], {
    namespace: host.namespace,
    env: {
      TS_NO_LOGS_NO_SUPPORT: "true",
      TS_DEBUG_USE_DERP_HTTP: "1",
      TS_DISABLE_PORTMAPPER: "1",
      TS_ASSUME_NETWORK_UP_FOR_TEST: "1",
      TS_PANIC_IF_HIT_MAIN_CONTROL: "1",
      TS_DEBUG_FIREWALL_MODE: "nftables",
    },
  });
  const ready = await poll(20_000, 50, async () =>
    (await tailscale(plan, host, ["status", "--json"])).exitCode === 0 ? true : undefined,
  );
  if (!ready) throw new Error(`tailscaled of ${host.name} does not answer`);
}

export async function logIn(plan: LabPlan, host: HostPlan, key: string): Promise<RunResult> {
  const file = join(plan.dir, "tailscale", `${host.name}.key`);
  await writeFile(file, key, { mode: 0o600 });
  const flags = [`--login-server=${loginServer(plan)}`, `--auth-key=file:${file}`, `--hostname=${host.name}`];
  return tailscale(plan, host, [
    "up",
    ...flags,
    "--accept-dns=false",
    "--netfilter-mode=off",
    "--timeout=30s",
  ]);
}

export async function tailscale(plan: LabPlan, host: HostPlan, words: readonly string[]): Promise<RunResult> {
  const { tailscale: program } = await ensurePrograms();
  return run([program, `--socket=${socketOf(plan, host)}`, ...words], { timeoutMs: 40_000 });
}

/** Puts a policy in force, and waits until every device has it: a mark of its own comes with the same map. */
export async function enforce(
  plan: LabPlan,
  peers: readonly Peer[],
  text: string,
  mark: string,
): Promise<void> {
  await setPolicy(plan, withMark(text, mark));
  await Promise.all(
    peers.map(async (peer) => {
      const seen = await poll(20_000, 40, async () => {
        const status = await tailscale(plan, peer.plan, ["status", "--json", "--peers=false"]);
        return status.stdout.includes(`"${mark}"`) || undefined;
      });
      if (!seen) throw new Error(`${peer.name} did not get the policy ${mark}`);
    }),
  );
}

/** The same policy, on the same lines, with an attribute for every device. */
function withMark(text: string, mark: string): string {
  return text.replace("{", `{ "nodeAttrs": [{ "target": ["*"], "attr": ["${mark}"] }], `);
}

export interface Probe {
  readonly address: string;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly port: number;
}

/** What comes of each probe, all tried at once from a device: true passes, false is silence. */
export async function probeFrom(peer: Peer, probes: readonly Probe[]): Promise<readonly boolean[]> {
  const program = join(import.meta.dir, "probe.ts");
  const out = await runOk(inNamespace(peer.plan.namespace, [process.execPath, program]), {
    input: JSON.stringify(probes),
    timeoutMs: 20_000,
  });
  return JSON.parse(out);
}

export function deviceOf({ name, tags, address }: Peer) {
  const prefix = parsePrefix(address);
  return { name, tags, ...(tags.length === 0 && { user: "lab@" }), ...(prefix && { address: prefix }) };
}

function socketOf(plan: LabPlan, host: HostPlan): string {
  return join(runDir(plan), `ts-${host.name}.sock`);
}
