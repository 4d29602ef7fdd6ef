import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { bootHost } from "../../lab/machines/boot.ts";
import { writeHostFile } from "../../lab/machines/files.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { describeLab } from "../../test/lab-only.ts";
import { everyFile } from "./every-file.ts";
import { type Stage, setStage } from "./stage.ts";

/** Three hosts that could become a cluster, and what must keep `up` from making one. */
describeLab("tailmox up refuses, and changes nothing", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-refusals");
  }, 300_000);
  beforeEach(() => stage.back(), 120_000);
  afterAll(() => stage.close(), 60_000);

  test("a dry run leaves every file of the host as it was, before a create and before a join", async () => {
    const before = await everyFile(stage, "pve1");
    expect((await stage.up("pve1", "--dry-run", "--create")).exitCode).toBe(0);
    expect(await everyFile(stage, "pve1")).toBe(before);
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    const [member, joiner] = await Promise.all([stage.files("pve1"), everyFile(stage, "pve2")]);
    const said = await stage.up("pve2", "--dry-run");
    expect(said.text).toContain('join "tailmox" through pve1');
    expect(await everyFile(stage, "pve2")).toBe(joiner);
    expect(await stage.files("pve1")).toBe(member);
  }, 200_000);

  test("a wrong password is told as one, and never taken for a host without cluster", async () => {
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    await writeHostFile(stage.plan, stage.host("pve2"), "/root/wrong", "not-the-password\n", 0o600);
    const said = await stage.tailmox("pve2", "up", "--yes", "--password-file", "/root/wrong");
    expect(said.exitCode).toBe(4);
    expect(said.text).toContain("password of root was refused");
    await expectStandalone("pve2");
  }, 200_000);

  test("a host that is down stops a create, unless it is passed over by name", async () => {
    await crashHost(stage.plan, stage.host("pve3"));
    const said = await stage.up("pve1");
    expect(said.exitCode).toBe(4);
    expect(said.text).toContain("pve3");
    await expectStandalone("pve1");
    expect((await stage.up("pve1", "--create")).exitCode).toBe(4);
    await expectStandalone("pve1");
    const without = await stage.up("pve1", "--without", "pve3");
    expect(without.exitCode).toBe(0);
    expect(without.text).toContain("Without pve3");
    await bootHost(stage.plan, stage.host("pve3"));
  }, 200_000);

  test("a joiner with a guest is refused, a host with a guest founds, and two of them are one too many", async () => {
    await guestOn("pve3", 301);
    const other = await stage.up("pve1", "--wait", "0s");
    expect(other.exitCode).toBe(4);
    expect(other.text).toContain("pve3");
    await expectStandalone("pve1");
    const founder = await stage.up("pve3");
    expect(founder.exitCode).toBe(0);
    expect(founder.text).toContain("it is the only host with guests");
    expect(await stage.sh("pve3", "qm list 2>/dev/null || ls /etc/pve/qemu-server")).toContain("301");
    await guestOn("pve2", 201);
    const joiner = await stage.up("pve2");
    expect(joiner.text).toContain("E_GUESTS");
    await expectStandalone("pve2");
    await stage.back();
    await guestOn("pve1", 101);
    await guestOn("pve3", 301);
    expect((await stage.up("pve1")).text).toContain("E_SEVERAL_GUEST_HOSTS");
    await expectStandalone("pve1");
  }, 300_000);

  test("the short name that resolved to the LAN is the tailnet's afterwards, and the LAN stays reachable by another", async () => {
    const lan = (await stage.sh("pve1", "getent hosts pve1")).split(/\s+/)[0];
    expect(lan).toStartWith("192.168.");
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    const tailnet = (await stage.sh("pve1", "tailscale ip -4")).trim();
    expect((await stage.sh("pve1", "getent hosts pve1")).split(/\s+/)[0]).toBe(tailnet);
    expect((await stage.sh("pve1", "getent hosts pve1.lan")).split(/\s+/)[0]).toBe(lan ?? "");
    expect(await stage.sh("pve1", "cat /etc/pve/.members")).not.toContain("192.168.");
  }, 200_000);

  test("a cluster without quorum takes nobody in", async () => {
    await clusterOf("pve1", "pve2");
    await crashHost(stage.plan, stage.host("pve2"));
    await stage.sh("pve1", "until corosync-quorumtool -s | grep -q '^Quorate: *No'; do sleep 0.5; done");
    const said = await stage.up("pve3");
    expect(said.exitCode).toBe(4);
    expect(said.text).toContain("E_CLUSTER_NOT_WHOLE");
    await expectStandalone("pve3");
    await bootHost(stage.plan, stage.host("pve2"));
  }, 300_000);

  test("of two clusters none is chosen unless one is named", async () => {
    expect((await stage.up("pve1", "--create", "--cluster-name", "one")).exitCode).toBe(0);
    // A cluster of one that up has just made would give way to the other.
    await stage.sh("pve1", "rm /var/lib/tailmox/created.json");
    await stage.sh("pve2", "pvecm create two --link0 address=$(tailscale ip -4)");
    const said = await stage.up("pve3");
    expect(said.text).toContain("E_SEVERAL_CLUSTERS");
    expect(said.text).toMatch(/"one".*"two"|"two".*"one"/);
    await expectStandalone("pve3");
    const joined = await stage.up("pve3", "--join", "pve1");
    expect(joined.exitCode).toBe(0);
    expect(joined.text).toContain('a member of "one"');
  }, 300_000);

  test("a host that was once in a cluster is told the way back, and is not mixed into another", async () => {
    await clusterOf("pve1", "pve2");
    // Cut off by hand, half: the file that makes corosync start is gone, its key is not.
    await stage.sh("pve2", "systemctl stop pve-cluster corosync; rm /etc/corosync/corosync.conf; pmxcfs -l");
    await stage.sh(
      "pve2",
      "rm -f /etc/pve/corosync.conf; killall pmxcfs; sleep 1; systemctl start pve-cluster",
    );
    const said = await stage.up("pve2");
    expect(said.exitCode).toBe(4);
    expect(said.text).toContain("E_ONCE_CLUSTERED");
  }, 300_000);

  async function clusterOf(first: string, second: string): Promise<void> {
    expect((await stage.up(first, "--create")).exitCode).toBe(0);
    expect((await stage.up(second)).exitCode).toBe(0);
  }

  async function guestOn(host: string, id: number): Promise<void> {
    await stage.sh(host, `qm create ${id} --name guest${id} --memory 512`);
  }

  async function expectStandalone(host: string): Promise<void> {
    expect(await stage.holds(host, "test -e /etc/pve/corosync.conf -o -e /etc/corosync/corosync.conf")).toBe(
      false,
    );
  }
});
