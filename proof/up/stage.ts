import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { restoreLab, snapshotLab } from "../../lab/machines/snapshot.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import type { ScenarioInput } from "../../lab/scenario.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { giveSecrets } from "../../lab/story/give-secrets.ts";
import { tailmoxOn } from "../../lab/story/tailmox-on.ts";
import { labUp } from "../../lab/up.ts";
import { poll } from "../../src/host/deadline.ts";

export interface Said {
  readonly exitCode: number | null;
  /** All lines, as one, so that a wrapped sentence can be looked for. */
  readonly text: string;
}

/** A lab whose hosts are in their tailnet, and can be brought back to that moment as often as a story wants. */
export interface Stage {
  readonly plan: LabPlan;
  host(name: string): HostPlan;
  /** `tailmox up --yes` with the passwords of all peers, or any other command. */
  up(host: string, ...more: string[]): Promise<Said>;
  tailmox(host: string, ...argv: string[]): Promise<Said>;
  /** A bash script; throws when it ends with anything but 0. */
  sh(host: string, script: string, timeoutMs?: number): Promise<string>;
  /** Whether a bash script ends with 0. */
  holds(host: string, script: string): Promise<boolean>;
  /** Names and digests of all files in /etc/pve. */
  files(host: string): Promise<string>;
  keep(snapshot: string): Promise<void>;
  back(snapshot?: string): Promise<void>;
  close(): Promise<void>;
}

/** Sets the stage: hosts with Tailscale logged in (`up --staging`), kept as the snapshot "staged". */
export async function setStage(name: string, parts: Partial<ScenarioInput> = {}): Promise<Stage> {
  const scenario = parseScenario({ ...THREE, name, summary: name, ...parts }, name);
  await takeDown(planLab(name, scenario));
  const plan = await labUp(name, scenario);
  const stage = onStage(plan);
  const flags = await giveSecrets(plan);
  const logIn = async (host: HostPlan) => {
    const said = await stage.tailmox(host.name, "up", "--yes", "--staging", ...flags);
    if (said.exitCode !== 0) throw new Error(`${host.name} was not staged: ${said.text}`);
  };
  // The first one before the others: it gets the lowest address, and is elected.
  await Promise.all(plan.hosts.slice(0, 1).map(logIn));
  await Promise.all(plan.hosts.slice(1).map(logIn));
  await stage.keep("staged");
  return stage;
}

const THREE: Omit<ScenarioInput, "name" | "summary"> = {
  tailnet: "headscale",
  sites: [{ name: "a" }, { name: "b" }, { name: "c" }],
  hosts: [
    { name: "pve1", site: "a", release: "pve9", tailscale: true },
    { name: "pve2", site: "b", release: "pve8", tailscale: true },
    { name: "pve3", site: "c", release: "pve9", tailscale: true },
  ],
  defaultLink: { rttMs: 30 },
};

/** A lab as it stands. */
export function onStage(plan: LabPlan): Stage {
  const host = (wanted: string) => {
    const found = plan.hosts.find(({ name }) => name === wanted);
    if (!found) throw new Error(`no host ${wanted}`);
    return found;
  };
  const stage: Stage = {
    plan,
    host,
    up: (name, ...more) => stage.tailmox(name, "up", "--yes", "--password-file", "/root/passwords", ...more),
    async tailmox(name, ...argv) {
      const lines: string[] = [];
      const exitCode = await tailmoxOn(plan, host(name), argv, (line) => {
        console.log(line);
        lines.push(line.replace(/^ *\S+ \| ?/, "").trim());
      });
      return { exitCode, text: lines.join(" ") };
    },
    async sh(name, script, timeoutMs = 60_000) {
      const result = await hostExec(plan, host(name), ["bash", "-c", script], { timeoutMs });
      if (result.exitCode !== 0) throw new Error(`${script} on ${name}: ${result.stdout}${result.stderr}`);
      return result.stdout;
    },
    holds: async (name, script) =>
      (await hostExec(plan, host(name), ["bash", "-c", script], { timeoutMs: 30_000 })).exitCode === 0,
    files: (name) => stage.sh(name, "find /etc/pve -type f ! -name '.*' | sort | xargs -d '\\n' sha256sum"),
    keep: (snapshot) => snapshotLab(plan, snapshot),
    async back(snapshot = "staged") {
      await restoreLab(plan, snapshot);
      await Promise.all(plan.hosts.map(({ name }) => untilSeen(stage, name)));
    },
    close: () => takeDown(plan),
  };
  return stage;
}

/** Until a host that has just booted answers Proxmox's tools and sees all others in the tailnet. */
async function untilSeen(stage: Stage, name: string): Promise<void> {
  const others = stage.plan.hosts.length - 1;
  const script = `pvesh get /version >/dev/null && tailscale status --json | grep -c '"Online": true' | grep -qx ${others + 1}`;
  const seen = await poll(60_000, 500, async () => ((await stage.holds(name, script)) ? true : undefined));
  if (!seen) throw new Error(`${name} does not see ${others} others in the tailnet`);
}
