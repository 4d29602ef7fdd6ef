import { takeDown } from "../../../lab/down.ts";
import { hostExec } from "../../../lab/machines/exec.ts";
import { type HostPlan, type LabPlan, planLab } from "../../../lab/plan.ts";
import { loadScenario } from "../../../lab/scenarios/load.ts";
import { clusterHosts } from "../../../lab/story/cluster-hosts.ts";
import { labUp } from "../../../lab/up.ts";
import { parseCmap } from "../../../src/corosync/cmap.ts";
import type { RunResult } from "../../../src/host/run.ts";

/** The timers that `tailmox tune` finds for the demo's distances, as corosync tells them. */
export const TUNED = {
  token: "10000",
  consensus: "12000",
  knet_mtu: "1280",
  "interface.0.knet_ping_interval": "500",
  "interface.0.knet_ping_timeout": "8000",
};

/** A cluster of three at the demo's distances, and what the tests of `tailmox tune` ask of it. */
export type RingOfThree = Awaited<ReturnType<typeof ringOfThree>>;

/** Makes the cluster, with Proxmox's own timers to begin with. Takes about 90 s. */
export async function ringOfThree(name: string) {
  const scenario = await loadScenario("demo");
  await takeDown(planLab(name, scenario));
  const plan: LabPlan = await labUp(name, scenario);
  await clusterHosts(plan, { chapter: () => undefined, line: () => undefined });

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

  const toDefaults = await on("pve1", "tailmox", "tune", "--to", "pve-9", "--yes", "--accept-risk", "worse");
  if (toDefaults.exitCode !== 0) throw new Error(`${toDefaults.stdout}${toDefaults.stderr}`);
  const [first] = await confs();
  return {
    plan,
    /** corosync.conf with Proxmox's own timers. */
    first,
    host,
    on,
    onAll,
    confs,
    version,
    withVersion,
    settledOn,
    inForce,
    ringsFormed,
    recordIsNew,
    endedEarly,
    untilVersion,
  };
}

const LOCAL = "/etc/corosync/corosync.conf";
