import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { bootHost } from "../../lab/machines/boot.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { hostLines } from "../../lab/machines/lines.ts";
import { must } from "../../lab/machines/must.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { giveSecrets } from "../../lab/story/give-secrets.ts";
import { tailnetAddress } from "../../lab/story/latency-matrix.ts";
import { tailmoxOn } from "../../lab/story/tailmox-on.ts";
import { labUp } from "../../lab/up.ts";
import { poll } from "../../src/host/deadline.ts";
import { describeLab } from "../lab-only.ts";
import { traces } from "../traces.ts";

const scenario = parseScenario(
  {
    name: "join-guard",
    summary: "a cluster of two, and a third host whose joins fail",
    tailnet: "headscale",
    sites: [{ name: "a" }, { name: "b" }, { name: "c" }],
    hosts: [
      { name: "pve1", site: "a", release: "pve9", tailscale: true },
      { name: "pve2", site: "b", release: "pve8", tailscale: true },
      { name: "pve3", site: "c", release: "pve9", tailscale: true },
    ],
    defaultLink: { rttMs: 20 },
  },
  "join-guard",
);

const DROP = `table inet nocorosync {
  chain in { type filter hook input priority -10; udp dport 5405 drop; }
  chain out { type filter hook output priority -10; udp dport 5405 drop; }
}
`;

/** One story on one lab: a third host wants in, and everything that can go wrong does, one after the other. */
describeLab("a join that fails", () => {
  const name = "e2e-join-guard";
  let plan: LabPlan;
  let flags: string[];
  let before: string[];
  let own: string;
  let keysBefore: string;
  let alone: Awaited<ReturnType<typeof tailmox>>;

  beforeAll(async () => {
    await takeDown(planLab(name, scenario));
    before = await traces(planLab(name, scenario));
    plan = await labUp(name, scenario);
    const [pve1, pve2, pve3] = hosts();
    flags = await giveSecrets(plan);
    expect((await tailmox(pve1, ["--create"])).exitCode).toBe(0);
    await dropCorosync(pve2);
    alone = await tailmox(pve2, ["--join-timeout", "10s"]);
    await allowCorosync(pve2);
    expect((await tailmox(pve2)).exitCode).toBe(0);
    // What the third host has that the cluster has not.
    const storage = "nfs: nas\\n\\tserver 192.0.2.9\\n\\texport /x\\n\\n";
    await must(plan, pve3, `printf '${storage}' >> /etc/pve/storage.cfg`);
    await must(plan, pve1, "ssh-keygen -q -t ed25519 -N '' -C admin@laptop -f /root/admin");
    const admin = (await must(plan, pve1, ["cat", "/root/admin.pub"])).trim();
    await must(plan, pve3, `echo '${admin}' >> /root/.ssh/authorized_keys`);
    own = await digests(pve3);
    keysBefore = await must(plan, pve3, ["cat", "/root/.ssh/authorized_keys"]);
    await dropCorosync(pve3);
  }, 240_000);

  afterAll(() => takeDown(plan));

  test("gives a member that it left alone at 1 of 2 votes its quorum back", async () => {
    expect(alone.exitCode).toBe(5);
    expect(alone.text).toContain("pve2 removed from the cluster (quorate, 1 of 1 votes)");
  });

  test("is undone on both sides when corosync hears nobody, and says so", async () => {
    const [pve1, , pve3] = hosts();
    const { exitCode, text } = await tailmox(pve3, ["--join-timeout", "15s"]);
    expect(exitCode).toBe(5);
    expect(text).toContain('"nas" (nfs)');
    expect(text).toContain("admin@laptop");
    expect(text).toContain("pve3 removed from the cluster (quorate, 2 of 2 votes)");
    expect(text).toMatch(/own \/etc\/pve as it was\s+\(checked, \d+ files\)/);
    await expectAsBefore(pve3);
    expect((await status(pve1)).members).not.toContain("pve3");
    await waitForVotes(plan, [pve1], { quorate: true, votes: 2 });
    await expectAdminGetsIn();
    await expectNoGuard(pve3);
  }, 120_000);

  test("is taken back by the guard alone after a SIGKILL of tailmox in its middle", async () => {
    const [pve1, , pve3] = hosts();
    await shortenTimers(pve3);
    const running = tailmox(pve3, ["--join-timeout", "60s"]);
    await untilWaitingForQuorum(pve3);
    expect((await tailmox(pve3)).text).toMatch(/another tailmox \(process \d+\).*E_RUN_LOCKED, exit 4/);
    expect(await lockOn(pve1)).toBe("active");
    await must(plan, pve3, "kill -9 $(pidof tailmox)");
    expect((await running).exitCode).not.toBe(0);
    expect((await hostExec(plan, pve3, ["test", "-e", "/etc/pve/storage.cfg"])).exitCode).not.toBe(0);
    const again = await tailmox(pve3);
    expect(again.text).toContain("E_GUARD_ARMED");
    await untilGuardIsGone(pve3);
    await expectAsBefore(pve3);
    await expectAdminGetsIn();
    await waitForVotes(plan, [pve1], { quorate: true, votes: 2 });
    // The holder of the lock died with it.
    expect(await poll(30_000, 500, async () => ((await lockOn(pve1)) === "active" ? undefined : true))).toBe(
      true,
    );
    // Nobody was there to tell the cluster.
    expect((await status(pve1)).members).toContain("pve3");
  }, 120_000);

  test("is taken back by the guard after a power cut in its middle and a boot", async () => {
    const [, , pve3] = hosts();
    await shortenTimers(pve3);
    const running = tailmox(pve3);
    await untilWaitingForQuorum(pve3);
    expect(await must(plan, pve3, "systemctl is-enabled tailmox-guard-boot.timer")).toContain("enabled");
    await crashHost(plan, pve3);
    await running;
    await bootHost(plan, pve3);
    await untilGuardIsGone(pve3);
    await expectAsBefore(pve3);
    await expectAdminGetsIn();
  }, 120_000);

  test("is told by the next run, which clears its entry away, and waits for its turn in vain", async () => {
    const [pve1, , pve3] = hosts();
    await allowCorosync(pve3);
    const unit = ["--collect", "--unit=tailmox-join-lock.service", "--description=pve9"];
    await must(plan, pve1, ["systemd-run", ...unit, "sleep", "60"]);
    const { exitCode, text } = await tailmox(pve3, ["--wait", "10s"]);
    await must(plan, pve1, ["systemctl", "stop", "tailmox-join-lock.service"]);
    expect(text).toContain("the guard restored pve3");
    expect(text).toContain("take pve3 out of the node list");
    expect(text).toMatch(/pve9 is joining this cluster, for 10 s.*E_JOIN_LOCKED/);
    expect(exitCode).toBe(4);
    await expectNoGuard(pve3);
    expect((await status(pve1)).members).not.toContain("pve3");
  }, 120_000);

  test("can be repeated when the cause is mended, and root's keys come along", async () => {
    const [pve1, , pve3] = hosts();
    expect((await tailmox(pve3)).exitCode).toBe(0);
    expect(await lockOn(pve1)).toBe("inactive");
    await waitForVotes(plan, plan.hosts, { quorate: true, votes: 3 });
    await expectNoGuard(pve3);
    expect(await must(plan, pve1, ["cat", "/etc/pve/priv/authorized_keys"])).toContain("admin@laptop");
    await expectAdminGetsIn();
    const copies = await must(plan, pve3, "ls -d /var/lib/tailmox/backups/join-*");
    expect(copies.trim().split("\n")).toHaveLength(4);
    const open = "find /var/lib/tailmox/backups -path '*/files/*' -prune -o -type f -perm /077 -print";
    expect(await must(plan, pve3, open)).toBe("");
  }, 120_000);

  test("after lab down nothing of it is left", async () => {
    await takeDown(plan);
    expect(await traces(plan)).toEqual(before);
  }, 60_000);

  function hosts(): readonly [HostPlan, HostPlan, HostPlan] {
    const [pve1, pve2, pve3] = plan.hosts;
    if (!pve1 || !pve2 || !pve3) throw new Error("the scenario has three hosts");
    return [pve1, pve2, pve3];
  }

  async function tailmox(host: HostPlan, more: readonly string[] = []) {
    const lines: string[] = [];
    const exitCode = await tailmoxOn(plan, host, ["up", "--yes", ...flags, ...more], (line) => {
      console.log(line);
      lines.push(line.replace(/^ *\S+ \| ?/, "").trim());
    });
    return { exitCode, text: lines.join(" ") };
  }

  /** From now on, a boot included, corosync on this host hears nobody. */
  async function dropCorosync(host: HostPlan): Promise<void> {
    await writeHostFile(plan, host, "/etc/nftables.conf", DROP, 0o644);
    await must(plan, host, ["systemctl", "enable", "--now", "nftables"]);
  }

  async function allowCorosync(host: HostPlan): Promise<void> {
    await must(plan, host, ["systemctl", "disable", "nftables"]);
    await must(plan, host, ["nft", "delete", "table", "inet", "nocorosync"]);
  }

  /** The guard's own times are minutes; here a drop-in makes them seconds. The shipped ones are a unit test's. */
  async function shortenTimers(host: HostPlan): Promise<void> {
    const dropIn = (unit: string) => `/etc/systemd/system/${unit}.d/test.conf`;
    const armed = "[Timer]\nOnActiveSec=\nOnActiveSec=25\n";
    await writeHostFile(plan, host, dropIn("tailmox-guard.timer"), armed, 0o644);
    const boot = "[Timer]\nOnBootSec=\nOnBootSec=20\n";
    await writeHostFile(plan, host, dropIn("tailmox-guard-boot.timer"), boot, 0o644);
    await must(plan, host, ["sync"]);
  }

  /** Until the joiner's own /etc/pve is gone. */
  async function untilWaitingForQuorum(host: HostPlan): Promise<void> {
    const argv = ["bash", "-c", "until grep -qs 'waiting for quorum' /run/tailmox/*.out; do sleep 0.3; done"];
    const waited = await hostLines(plan, host, argv, () => undefined, { timeoutMs: 60_000 });
    expect(waited).toBe(0);
  }

  async function untilGuardIsGone(host: HostPlan): Promise<void> {
    const argv = ["bash", "-c", "while [ -e /var/lib/tailmox/guard ]; do sleep 0.5; done"];
    expect(await hostLines(plan, host, argv, () => undefined, { timeoutMs: 60_000 })).toBe(0);
  }

  async function digests(host: HostPlan): Promise<string> {
    return must(plan, host, "find /etc/pve -type f ! -name '.*' | sort | xargs sha256sum");
  }

  async function expectAsBefore(host: HostPlan): Promise<void> {
    expect(await digests(host)).toBe(own);
    expect(await must(plan, host, ["cat", "/root/.ssh/authorized_keys"])).toBe(keysBefore);
    expect(await must(plan, host, "ls /etc/corosync")).not.toMatch(/authkey|corosync\.conf/);
    expect((await hostExec(plan, host, ["systemctl", "is-active", "corosync"])).stdout.trim()).toBe(
      "inactive",
    );
  }

  async function lockOn(host: HostPlan): Promise<string> {
    const { stdout } = await hostExec(plan, host, ["systemctl", "is-active", "tailmox-join-lock.service"]);
    return stdout.trim();
  }

  async function expectNoGuard(host: HostPlan): Promise<void> {
    const list = "systemctl list-unit-files --no-legend 'tailmox-guard*'";
    const units = await must(plan, host, list).catch(() => "");
    expect(units).toBe("");
    expect((await hostExec(plan, host, ["test", "-e", "/var/lib/tailmox/guard"])).exitCode).toBe(1);
  }

  async function expectAdminGetsIn(): Promise<void> {
    const [pve1, , pve3] = hosts();
    const address = await tailnetAddress(plan, pve3);
    const options = [
      "BatchMode=yes",
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "ConnectTimeout=10",
    ];
    const ssh = [
      "ssh",
      "-i",
      "/root/admin",
      "-o",
      "IdentitiesOnly=yes",
      ...options.flatMap((each) => ["-o", each]),
    ] as const;
    expect(await must(plan, pve1, [ssh[0], ...ssh.slice(1), `root@${address}`, "hostname"])).toBe("pve3\n");
  }

  async function status(host: HostPlan): Promise<{ members: string }> {
    return { members: await must(plan, host, ["cat", "/etc/pve/corosync.conf"]) };
  }
});
