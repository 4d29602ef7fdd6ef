import { afterAll, beforeAll } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { type HostExecOptions, hostExec } from "../../lab/machines/exec.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { progressOnStderr } from "../../lab/progress.ts";
import { type Scenario, scenario } from "../../lab/scenario.ts";
import { labUp } from "../../lab/up.ts";
import type { RunResult } from "../../src/host/run.ts";

/** A host of a stand-in test: its plan, and commands on it. */
export interface TestHost extends HostPlan {
  /** Its address on the lab's internet, where corosync runs. */
  readonly address: string;
  run(argv: readonly [string, ...string[]], options?: HostExecOptions): Promise<RunResult>;
  /** A bash script; for pipes and redirections. */
  sh(script: string, options?: HostExecOptions): Promise<RunResult>;
}

/** A lab of three: pve1 and pve2 share a LAN; pve3, a Proxmox VE 8, is elsewhere, its LAN address out of their reach. */
export interface Trio {
  readonly plan: LabPlan;
  readonly pve1: TestHost;
  readonly pve2: TestHost;
  readonly pve3: TestHost;
}

/** For the tests of one `describe`: makes the lab anew before them, all hosts ready, and takes it away after. */
export function trioForTests(name: string): Trio {
  const plan = planLab(name, threeAtTwoSites(name));
  const host = (wanted: string) => testHost(plan, wanted);
  const trio = { pve1: host("pve1"), pve2: host("pve2"), pve3: host("pve3") };
  beforeAll(async () => {
    await takeDown(plan);
    await labUp(name, plan.scenario, { progress: progressOnStderr() });
    await Promise.all(Object.values(trio).map(untilReady));
  });
  afterAll(() => takeDown(plan));
  return { plan, ...trio };
}

function threeAtTwoSites(name: string): Scenario {
  return scenario.parse({
    name,
    summary: "hosts that play Proxmox VE, without Tailscale",
    tailnet: "none",
    sites: [{ name: "home" }, { name: "away" }],
    hosts: [
      { name: "pve1", site: "home", release: "pve9" },
      { name: "pve2", site: "home", release: "pve9" },
      { name: "pve3", site: "away", release: "pve8" },
    ],
    defaultLink: { rttMs: 10 },
  });
}

function testHost(plan: LabPlan, name: string): TestHost {
  const host = plan.hosts.find((one) => one.name === name);
  if (!host) throw new Error(`no host ${name}`);
  const run: TestHost["run"] = (argv, options) => hostExec(plan, host, argv, options);
  return {
    ...host,
    address: host.wan?.address ?? "",
    run,
    sh: (script, options) => run(["bash", "-c", script], options),
  };
}

/** Until `look` gives something else than undefined, at most `timeoutMs`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not so after ${timeoutMs} ms`);
    await Bun.sleep(200);
  }
}

/** Until the node's programs answer and it may write. */
export async function untilReady(host: TestHost): Promise<void> {
  await eventually(`${host.name} is ready`, async () => {
    const asked = await host.sh('pvesh get /version && [ "$(stat -c %A /etc/pve/local)" = lrwxr-xr-x ]');
    return asked.exitCode === 0 ? true : undefined;
  });
}

/** The fingerprint of the certificate that a host presents. */
export async function fingerprintOf(host: TestHost): Promise<string> {
  const shown = await host.sh(
    "openssl s_client -connect localhost:8006 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256",
  );
  const fingerprint = /=([0-9A-F:]{95})/.exec(shown.stdout)?.[1];
  if (!fingerprint) throw new Error(`${host.name} presents no certificate: ${shown.stderr}`);
  return fingerprint;
}
