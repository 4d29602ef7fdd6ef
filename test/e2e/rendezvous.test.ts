import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { tailmoxOn } from "../../lab/story/tailmox-on.ts";
import { createAuthKey } from "../../lab/tailnet/auth-key.ts";
import { loginServer } from "../../lab/tailnet/login-server.ts";
import { labUp } from "../../lab/up.ts";
import { describeLab } from "../lab-only.ts";
import { traces } from "../traces.ts";

const scenario = parseScenario(
  {
    name: "rendezvous",
    summary: "two fresh hosts without a key or a password of each other",
    tailnet: "headscale",
    sites: [{ name: "a" }, { name: "b" }],
    hosts: [
      { name: "pve1", site: "a", release: "pve9", tailscale: true },
      { name: "pve2", site: "b", release: "pve9", tailscale: true },
    ],
    defaultLink: { rttMs: 20 },
  },
  "rendezvous",
);

const KEYS = "/etc/pve/priv/authorized_keys";

describeLab("hosts that hold no key and no password of each other", () => {
  const name = "e2e-rendezvous";
  let plan: LabPlan;
  let before: string[];

  beforeAll(async () => {
    await takeDown(planLab(name, scenario));
    before = await traces(planLab(name, scenario));
    plan = await labUp(name, scenario);
    const key = await createAuthKey(plan);
    for (const host of plan.hosts) await writeHostFile(plan, host, "/root/tailnet.key", `${key}\n`, 0o600);
    // One after the other, so that the first has the lowest address.
    for (const host of plan.hosts) expect((await up(host, ["--staging"])).exitCode).toBe(0);
  }, 240_000);

  afterAll(() => takeDown(plan));

  test("find each other, prove UDP both ways, and elect one founder", async () => {
    const [pve1, pve2] = hosts();
    const [created, looked] = await Promise.all([up(pve1, []), up(pve2, ["--dry-run"])]);
    expect(created.exitCode).toBe(0);
    expect(created.text).toMatch(/pve2 +direct .* both ways/);
    expect(created.text).toContain("pve2 standalone");
    expect(looked.text).toMatch(/pve1 +direct .* both ways/);
    expect(looked.text).toMatch(/pve1 \(100\.64\.0\.1\) goes first/);
  }, 120_000);

  test("see UDP that is dropped in one direction as lost, and one whose join fails keeps no key", async () => {
    const [pve1, pve2] = hosts();
    const admitting = tailmox(pve1, ["admit", "--peer", "pve2", "--yes", "--wait", "3m"]);
    await drop(pve2, "in", "5405-5412");
    const shut = await up(pve2, ["--wait", "0s"]);
    await allow(pve2);
    expect(shut.text).toContain("what is sent there arrives, what comes back from");
    expect(shut.text).toContain("E_UDP_FILTERED, exit 4");

    await drop(pve2, "out", "5405");
    const failed = await up(pve2, ["--join-timeout", "10s"]);
    await allow(pve2);
    expect(failed.text).toContain("pve2 removed from the cluster (quorate, 1 of 1 votes)");
    expect((await admitting).text).toContain("E_ADMIT_FAILED, exit 5");
    const keys = await ok(pve1, ["cat", KEYS]);
    expect(keys).not.toContain(await rootKey(pve2));
    expect(keys).toContain(await rootKey(pve1));
    expect(await timers(pve1)).toBe("");
  }, 240_000);

  test("come together when somebody on the member lets the other one in", async () => {
    const [pve1, pve2] = hosts();
    const admitting = tailmox(pve1, ["admit", "--peer", "pve2", "--yes", "--wait", "3m"]);
    const joined = await up(pve2, []);
    const admitted = await admitting;
    expect([joined.exitCode, admitted.exitCode]).toEqual([0, 0]);
    const [shown] = /SHA256:\S{43}/.exec(admitted.text) ?? [];
    expect(joined.text).toContain(shown ?? "a fingerprint");
    await waitForVotes(plan, plan.hosts, { quorate: true, votes: 2 });
    const own = await rootKey(pve2);
    const lines = (await ok(pve1, ["cat", KEYS])).split("\n").filter((line) => line.includes(own));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toStartWith("ssh-rsa ");
    expect(await timers(pve1)).toBe("");
  }, 240_000);

  test("after lab down nothing of it is left", async () => {
    await takeDown(plan);
    expect(await traces(plan)).toEqual(before);
  }, 60_000);

  function hosts(): readonly [HostPlan, HostPlan] {
    const [pve1, pve2] = plan.hosts;
    if (!pve1 || !pve2) throw new Error("the scenario has two hosts");
    return [pve1, pve2];
  }

  function up(host: HostPlan, more: readonly string[]) {
    const login = ["--login-server", loginServer(plan), "--auth-key-file", "/root/tailnet.key"];
    return tailmox(host, ["up", "--yes", "--web", "none", ...login, ...more]);
  }

  async function tailmox(host: HostPlan, argv: readonly string[]) {
    const lines: string[] = [];
    const exitCode = await tailmoxOn(plan, host, argv, (line) => {
      console.log(line);
      lines.push(line.replace(/^ *\S+ \| ?/, "").trim());
    });
    return { exitCode, text: lines.join(" ") };
  }

  async function ok(host: HostPlan, argv: readonly [string, ...string[]]): Promise<string> {
    const result = await hostExec(plan, host, argv);
    if (result.exitCode !== 0) throw new Error(`${argv.join(" ")} on ${host.name}: ${result.stderr}`);
    return result.stdout;
  }

  async function rootKey(host: HostPlan): Promise<string> {
    return (await ok(host, ["cut", "-d ", "-f2", "/root/.ssh/id_rsa.pub"])).trim();
  }

  function timers(host: HostPlan): Promise<string> {
    return ok(host, ["systemctl", "list-units", "--all", "--no-legend", "tailmox-admit*"]);
  }

  async function drop(host: HostPlan, hook: "in" | "out", ports: string): Promise<void> {
    const text = `table inet nocorosync {
  chain c { type filter hook ${hook}put priority -10; udp dport ${ports} drop; }
}
`;
    await writeHostFile(plan, host, "/root/drop.nft", text, 0o644);
    await ok(host, ["nft", "-f", "/root/drop.nft"]);
  }

  async function allow(host: HostPlan): Promise<void> {
    await ok(host, ["nft", "delete", "table", "inet", "nocorosync"]);
  }
});
