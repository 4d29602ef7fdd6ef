import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { tailnetAddress } from "../../lab/story/latency-matrix.ts";
import { tailmoxOn } from "../../lab/story/tailmox-on.ts";
import { createAuthKey } from "../../lab/tailnet/auth-key.ts";
import { loginServer } from "../../lab/tailnet/login-server.ts";
import { labUp } from "../../lab/up.ts";
import { describeLab } from "../lab-only.ts";
import { traces } from "../traces.ts";

const scenario = parseScenario(
  {
    name: "one-cluster",
    summary: "two hosts that found a cluster each",
    tailnet: "headscale",
    sites: [{ name: "a" }, { name: "b" }],
    hosts: [
      { name: "PVE1", site: "a", release: "pve9", tailscale: true },
      { name: "pve2", site: "b", release: "pve8", tailscale: true },
    ],
    defaultLink: { rttMs: 20 },
  },
  "one-cluster",
);

/** One story on one lab: two clusters of one tag become one, and every member knows the names of all. */
describeLab("two clusters that were founded at once", () => {
  const name = "e2e-one-cluster";
  let plan: LabPlan;
  let before: string[];

  beforeAll(async () => {
    await takeDown(planLab(name, scenario));
    before = await traces(planLab(name, scenario));
    plan = await labUp(name, scenario);
    const [one] = hosts();
    const key = await createAuthKey(plan);
    const passwords = plan.hosts.map((host) => `${host.name}=${host.password}`).join("\n");
    for (const host of plan.hosts) {
      await writeHostFile(plan, host, "/root/tailnet.key", `${key}\n`, 0o600);
      await writeHostFile(plan, host, "/root/passwords", `${passwords}\n`, 0o600);
    }
    expect((await tailmox(one, ["--create"])).exitCode).toBe(0);
    // Nobody sees the other one's cluster: the first host has left the tailnet for a moment.
    await ok(one, ["tailscale", "down"]);
  }, 240_000);

  afterAll(() => takeDown(plan));

  test("a create passes over a peer of which nothing is known when it is named, and says so", async () => {
    const [one, two] = hosts();
    const { exitCode, text } = await tailmox(two, ["--without", "pve1"]);
    expect(text).toContain("Without pve1");
    expect(exitCode).toBe(0);
    await ok(one, ["tailscale", "up"]);
  }, 120_000);

  test("the one with the lower address stays as it is", async () => {
    const [one] = hosts();
    const { exitCode, text } = await tailmox(one);
    expect(text).toContain("Nothing to do");
    expect(exitCode).toBe(0);
  }, 60_000);

  test("no host joins without a shell on the member, and nothing is dissolved for it", async () => {
    const [one, two] = hosts();
    const noPasswords = "PasswordAuthentication no\n";
    await writeHostFile(plan, one, "/etc/ssh/sshd_config.d/00-test.conf", noPasswords, 0o644);
    await ok(one, ["systemctl", "reload", "ssh"]);
    const { exitCode, text } = await tailmox(two);
    expect(text).toMatch(/Permission denied.*E_NO_SHELL, exit 4/);
    expect(exitCode).toBe(4);
    expect(await ok(two, ["cat", "/etc/pve/.members"])).toContain('"nodes": 1');
    await ok(one, ["rm", "/etc/ssh/sshd_config.d/00-test.conf"]);
    await ok(one, ["systemctl", "reload", "ssh"]);
  }, 60_000);

  test("the other one is dissolved, with its /etc/pve as it was, and joins", async () => {
    const [one, two] = hosts();
    const { exitCode, text } = await tailmox(two);
    expect(text).toMatch(/dissolve: standalone, \d+ files of \/etc\/pve as before( [\d.]+ s)? ok/);
    expect(exitCode).toBe(0);
    await waitForVotes(plan, [one, two], { quorate: true, votes: 2 });
    const members = await ok(one, ["cat", "/etc/pve/.members"]);
    expect(members).toContain('"PVE1"');
    expect(members).toContain('"pve2"');
  }, 120_000);

  test("every member knows the names of all, and `up` mends a block that was lost", async () => {
    const [one, two] = hosts();
    await expectNames();
    const pids = await ok(one, ["systemctl", "show", "pve-cluster", "--property=MainPID"]);
    await ok(one, ["sed", "-i", "/pve2/d", "/etc/hosts"]);
    expect((await tailmox(one)).exitCode).toBe(0);
    await expectNames();
    expect(await ok(one, ["systemctl", "show", "pve-cluster", "--property=MainPID"])).toBe(pids);
    for (const host of [one, two]) expect((await tailmox(host)).text).toContain("Nothing to do");
  }, 120_000);

  test("after lab down nothing of it is left", async () => {
    await takeDown(plan);
    expect(await traces(plan)).toEqual(before);
  }, 60_000);

  function hosts(): readonly [HostPlan, HostPlan] {
    const [one, two] = plan.hosts;
    if (!one || !two) throw new Error("the scenario has two hosts");
    return [one, two];
  }

  async function expectNames(): Promise<void> {
    for (const host of plan.hosts) {
      for (const other of plan.hosts) {
        const [address] = (await ok(host, ["getent", "ahostsv4", other.name])).split(/\s/);
        expect(address).toBe((await tailnetAddress(plan, other)) ?? "");
      }
    }
  }

  async function ok(host: HostPlan, argv: readonly [string, ...string[]]): Promise<string> {
    const result = await hostExec(plan, host, argv);
    if (result.exitCode !== 0) throw new Error(`${argv.join(" ")} on ${host.name}: ${result.stderr}`);
    return result.stdout;
  }

  async function tailmox(host: HostPlan, more: readonly string[] = []) {
    const lines: string[] = [];
    const files = ["--auth-key-file", "/root/tailnet.key", "--password-file", "/root/passwords"];
    const argv = ["up", "--yes", "--login-server", loginServer(plan), ...files, ...more];
    const exitCode = await tailmoxOn(plan, host, argv, (line) => {
      console.log(line);
      lines.push(line.replace(/^ *\S+ \| ?/, "").trim());
    });
    return { exitCode, text: lines.join(" ").replace(/ +/g, " ") };
  }
});
