import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { takeDown } from "../../lab/down.ts";
import { cutRole, heal } from "../../lab/fabric/relay-control.ts";
import { bootHost } from "../../lab/machines/boot.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { loadScenario } from "../../lab/scenarios/load.ts";
import { clusterHosts } from "../../lab/story/cluster-hosts.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { labUp } from "../../lab/up.ts";
import { parseCmap } from "../../src/corosync/cmap.ts";
import type { RunResult } from "../../src/host/run.ts";
import { describeLab } from "../lab-only.ts";

const LOCAL = "/etc/corosync/corosync.conf";

describeLab("tailmox tune on a living cluster of three hosts", () => {
  const name = "tune";
  let plan: LabPlan;
  /** corosync.conf with Proxmox's own settings. */
  let first: string | undefined;

  beforeAll(async () => {
    const scenario = await loadScenario("demo");
    await takeDown(planLab(name, scenario));
    plan = await labUp(name, scenario);
    await clusterHosts(plan, { chapter: () => undefined, line: () => undefined });
    const { exitCode } = await on(
      "pve1",
      "tailmox",
      "tune",
      "--to",
      "pve-9",
      "--yes",
      "--accept-risk",
      "worse",
    );
    expect(exitCode).toBe(0);
    first = (await confs())[0];
  }, 400_000);

  afterAll(() => takeDown(plan), 60_000);

  const host = (which: string): HostPlan => {
    const found = plan.hosts.find((one) => one.name === which);
    if (!found) throw new Error(`no host ${which}`);
    return found;
  };
  const on = (which: string, ...argv: [string, ...string[]]): Promise<RunResult> =>
    hostExec(plan, host(which), argv, { timeoutMs: 300_000 });
  const onAll = (...argv: [string, ...string[]]) =>
    Promise.all(plan.hosts.map((one) => on(one.name, ...argv)));

  /** The file that corosync reads, on each host. */
  const confs = async () => (await onAll("cat", LOCAL)).map(({ stdout }) => stdout);
  const withVersion = (conf: string | undefined, number: number) =>
    (conf ?? "").replace(/config_version: \d+/, `config_version: ${number}`);
  const version = (conf: string | undefined) => Number(/config_version: (\d+)/.exec(conf ?? "")?.[1]);

  /** All hosts have one text, locally and in /etc/pve, are quorate, and no guard is left. Waits up to `ms`. */
  async function settledOn(ms: number): Promise<string> {
    const deadline = Date.now() + ms;
    for (;;) {
      const texts = [
        ...(await confs()),
        ...(await onAll("cat", "/etc/pve/corosync.conf")).map((r) => r.stdout),
      ];
      const quorate = (await onAll("corosync-quorumtool", "-s")).every(({ exitCode }) => exitCode === 0);
      const guards = (await onAll("systemctl", "is-active", "tailmox-tune")).filter(
        (r) => r.stdout.trim() === "active",
      );
      const [first] = texts;
      if (first && new Set(texts).size === 1 && quorate && guards.length === 0) return first;
      if (Date.now() > deadline) {
        throw new Error(`${texts.map(version).join(" ")}, quorate ${quorate}, ${guards.length} guards left`);
      }
      await Bun.sleep(1_000);
    }
  }

  /** What corosync has in force, on each host. */
  async function inForce(): Promise<Record<string, string | undefined>[]> {
    const answers = await onAll("corosync-cmapctl", "runtime.config.totem");
    return answers.map(({ stdout }) => {
      const cmap = parseCmap(stdout);
      const keys = [
        "token",
        "consensus",
        "knet_mtu",
        "interface.0.knet_ping_interval",
        "interface.0.knet_ping_timeout",
      ];
      return Object.fromEntries(keys.map((key) => [key, cmap.get(`runtime.config.totem.${key}`)]));
    });
  }

  async function ringsFormed(): Promise<string[]> {
    const answers = await onAll("corosync-cmapctl", "-m", "stats");
    return answers.map(({ stdout }) => parseCmap(stdout).get("stats.srp.operational_entered") ?? "");
  }

  const tuned = {
    token: "10000",
    consensus: "12000",
    knet_mtu: "1280",
    "interface.0.knet_ping_interval": "500",
    "interface.0.knet_ping_timeout": "8000",
  };

  test("gives every member the new timers without a membership change, while hosts write", async () => {
    const rings = await ringsFormed();
    const writing = on(
      "pve3",
      ...([
        "sh",
        "-c",
        'for i in $(seq 150); do echo "$i" >>/etc/pve/written || exit 1; sleep 0.2; done',
      ] as const),
    );
    const { exitCode, stdout } = await on("pve1", "tailmox", "tune", "--yes", "--json");
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    const { result } = z.object({ result: z.object({ outcome: z.string() }) }).parse(JSON.parse(stdout));
    expect(result.outcome).toBe("tuned");
    expect(await inForce()).toEqual([tuned, tuned, tuned]);
    expect(await ringsFormed()).toEqual(rings);
    expect(version(await settledOn(20_000))).toBe(version(first) + 1);
    expect((await writing).exitCode).toBe(0);
    const lines = Array.from({ length: 150 }, (_, i) => `${i + 1}\n`).join("");
    expect((await onAll("cat", "/etc/pve/written")).map((r) => r.stdout)).toEqual([lines, lines, lines]);
  }, 240_000);

  test("run again it finds nothing to do, and a dry run changes nothing", async () => {
    const before = await confs();
    const again = await on("pve2", "tailmox", "tune", "--yes", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ result: { outcome: "nothing to do" } });
    const dry = await on("pve2", "tailmox", "tune", "--to", "pve-9", "--dry-run", "--json");
    expect(JSON.parse(dry.stdout)).toMatchObject({ result: { outcome: "dry run" } });
    expect(await confs()).toEqual(before);
  }, 120_000);

  test("undo brings the settings back that stood there before, the derived timers too", async () => {
    const { exitCode, stdout } = await on("pve2", "tailmox", "tune", "--undo", "--yes");
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    const text = await settledOn(20_000);
    expect(text).toBe(withVersion(first, version(first) + 2));
    const derived = { token: "3125", consensus: "3750", "interface.0.knet_ping_timeout": "1562" };
    for (const timers of await inForce()) expect(timers).toMatchObject(derived);
  }, 240_000);

  test("settings that no ring can live with take themselves back", async () => {
    // The token is given up before it has come round.
    const bad = { token: 130, token_coefficient: 0, token_retransmits_before_loss_const: 1 };
    await writeHostFile(plan, host("pve1"), "/root/bad.json", JSON.stringify(bad), 0o644);
    const refused = await on("pve1", "tailmox", "tune", "--to", "/root/bad.json", "--yes");
    expect({ exitCode: refused.exitCode, said: refused.stderr }).toMatchObject({ exitCode: 3 });
    const before = (await confs())[0];
    const argv = [
      "tune",
      "--to",
      "/root/bad.json",
      "--yes",
      "--accept-risk",
      "worse",
      "--confirm-within",
      "60s",
    ];
    const { exitCode, stderr } = await on("pve1", "tailmox", ...argv);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("E_TUNE_TAKEN_BACK"),
    });
    const after = await settledOn(60_000);
    expect(after).toBe(withVersion(before, version(before) + 2));
  }, 300_000);

  test("all links cut in the middle: each host takes it back alone, and healed they agree", async () => {
    const before = (await confs())[0];
    const tune = on("pve1", "tailmox", "tune", "--yes");
    await Promise.race([untilVersion("pve3", version(before) + 1), endedEarly(tune)]);
    for (const one of plan.hosts) await cutRole(plan, one.name);
    await untilVersion("pve1", version(before) + 2);
    await untilVersion("pve2", version(before) + 2);
    await untilVersion("pve3", version(before) + 2);
    await heal(plan);
    const after = await settledOn(120_000);
    expect(after).toBe(withVersion(before, version(before) + 2));
    expect((await tune).exitCode).toBe(5);
  }, 400_000);

  test("a power cut of a member at the moment of the confirmation does not bring the old settings back", async () => {
    const before = (await confs())[0];
    const tune = on("pve1", "tailmox", "tune", "--yes");
    const deadline = Date.now() + 120_000;
    while (
      (await on("pve3", "test", "-e", "/etc/pve/tailmox-tune.json")).exitCode !== 0 ||
      !(await recordIsNew())
    ) {
      if (Date.now() > deadline) throw new Error("never confirmed");
      await Bun.sleep(100);
    }
    await crashHost(plan, host("pve3"));
    expect((await tune).exitCode).toBe(0);
    await bootHost(plan, host("pve3"));
    const after = await settledOn(150_000);
    expect(version(after)).toBe(version(before) + 1);
    expect(await inForce()).toEqual([tuned, tuned, tuned]);
  }, 400_000);

  test("a power cut of the host that tunes leaves all hosts with the same settings", async () => {
    const before = (await confs())[0];
    const argv = ["tune", "--undo", "--yes", "--confirm-within", "60s"];
    const tune = on("pve1", "tailmox", ...argv).catch(() => undefined);
    await Promise.race([untilVersion("pve2", version(before) + 1), endedEarly(tune)]);
    await crashHost(plan, host("pve1"));
    await tune;
    await untilVersion("pve2", version(before) + 2);
    await untilVersion("pve3", version(before) + 2);
    await bootHost(plan, host("pve1"));
    const after = await settledOn(150_000);
    expect(after).toBe(withVersion(before, version(before) + 2));
    await waitForVotes(plan, plan.hosts, { quorate: true, votes: 3 });
  }, 400_000);

  /** The record names the tuning whose guard runs now. */
  async function recordIsNew(): Promise<boolean> {
    const [{ stdout: unit }, { stdout: record }] = await Promise.all([
      on("pve3", "cat", "/etc/systemd/system/tailmox-tune.service"),
      on("pve3", "cat", "/etc/pve/tailmox-tune.json"),
    ]);
    const id = /tune\/([0-9a-f]{16})\//.exec(unit)?.[1];
    return id !== undefined && record.includes(id);
  }

  /** Its own words, when it ends while something else is waited for. */
  async function endedEarly(tune: Promise<RunResult | undefined>): Promise<never> {
    const ended = await tune;
    throw new Error(`tune ended with ${ended?.exitCode}: ${ended?.stdout}${ended?.stderr}`);
  }

  async function untilVersion(which: string, wanted: number): Promise<void> {
    const deadline = Date.now() + 150_000;
    for (;;) {
      const { stdout } = await on(which, "cat", LOCAL);
      if (version(stdout) >= wanted) return;
      if (Date.now() > deadline)
        throw new Error(`${which} stays at version ${version(stdout)}, not ${wanted}`);
      await Bun.sleep(200);
    }
  }
});
