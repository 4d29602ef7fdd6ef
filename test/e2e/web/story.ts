import { afterAll, beforeAll } from "bun:test";
import { takeDown } from "../../../lab/down.ts";
import { hostExec } from "../../../lab/machines/exec.ts";
import { writeHostFile } from "../../../lab/machines/files.ts";
import { must } from "../../../lab/machines/must.ts";
import { type HostPlan, type LabPlan, planLab } from "../../../lab/plan.ts";
import { scenario } from "../../../lab/scenario.ts";
import { tailmoxOn } from "../../../lab/story/tailmox-on.ts";
import { loginServer } from "../../../lab/tailnet/login-server.ts";
import { labUp } from "../../../lab/up.ts";
import type { RunResult } from "../../../src/host/run.ts";

export interface Run {
  readonly exit: number | null;
  readonly text: string;
}

/** What the chapters on the way to a web page share. */
export interface WebStory {
  readonly plan: LabPlan;
  readonly pve1: HostPlan;
  readonly pve2: HostPlan;
  tailmox(host: HostPlan, argv: readonly string[], onLine?: (line: string) => void): Promise<Run>;
  /** `tailmox up --yes` on this tailnet, with the passwords of both hosts. */
  up(host: HostPlan, argv: readonly string[], onLine?: (line: string) => void): Promise<Run>;
  /** A script, which may fail. */
  shell(host: HostPlan, script: string): Promise<RunResult>;
  /** What another host gets from a name of the tailnet, with the certificate verified. */
  fetchFrom(host: HostPlan, target: HostPlan, port: number): Promise<string>;
}

/** Boots the lab before the tests, and takes it away after. */
export function webStory(): WebStory {
  const name = "e2e-web";
  const wanted = scenario.parse({
    name,
    summary: "two hosts on a tailnet with HTTPS certificates, login links and approval",
    tailnet: "hosted",
    sites: [{ name: "home" }],
    hosts: ["pve1", "pve2"].map((host) => ({ name: host, site: "home", release: "pve9", tailscale: true })),
  });
  const plan = planLab(name, wanted);
  const [pve1, pve2] = plan.hosts as [HostPlan, HostPlan];

  beforeAll(async () => {
    await takeDown(plan);
    await labUp(name, wanted);
    const passwords = plan.hosts.map((host) => `${host.name}=${host.password}\n`).join("");
    for (const host of plan.hosts) await writeHostFile(plan, host, "/root/passwords", passwords, 0o600);
  });
  afterAll(() => takeDown(plan));

  const tailmox: WebStory["tailmox"] = async (host, argv, onLine = () => {}) => {
    const lines: string[] = [];
    const exit = await tailmoxOn(plan, host, argv, (line) => {
      lines.push(line);
      onLine(line);
    });
    return { exit, text: lines.join("\n") };
  };

  return {
    ...{ plan, pve1, pve2, tailmox },
    up(host, argv, onLine) {
      const flags = ["--login-server", loginServer(plan), "--password-file", "/root/passwords"];
      return tailmox(host, ["up", "--yes", ...flags, ...argv], onLine);
    },
    shell: (host, script) => hostExec(plan, host, ["sh", "-c", script]),
    async fetchFrom(host, target, port) {
      const address = (await must(plan, target, ["tailscale", "ip", "-4"])).trim();
      const at = `${target.name}.lab.ts.net:${port}`;
      const resolve = ["--resolve", `${at}:${address}`];
      return must(plan, host, ["curl", "-sS", "--max-time", "20", ...resolve, `https://${at}/`]);
    },
  };
}
