import { afterAll, beforeAll, expect, test } from "bun:test";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { tailnetAddress } from "../../lab/story/latency-matrix.ts";
import { type Stage, setStage } from "../../proof/up/stage.ts";
import { describeLab } from "../lab-only.ts";

/** One story on one lab: two clusters of one tag become one, and every member knows the names of all. */
describeLab("two clusters that were founded at once", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("e2e-one-cluster", {
      sites: [{ name: "a" }, { name: "b" }],
      hosts: [
        { name: "PVE1", site: "a", release: "pve9", tailscale: true },
        { name: "pve2", site: "b", release: "pve8", tailscale: true },
      ],
      defaultLink: { rttMs: 20 },
    });
    expect((await stage.up("PVE1", "--create")).exitCode).toBe(0);
    // Nobody sees the other one's cluster: the first host has left the tailnet for a moment.
    await stage.sh("PVE1", "tailscale down");
  }, 240_000);

  afterAll(() => stage.close());

  test("a create passes over a peer of which nothing is known when it is named, and says so", async () => {
    const { exitCode, text } = await stage.up("pve2", "--without", "pve1");
    expect(text).toContain("Without pve1");
    expect(exitCode).toBe(0);
    await stage.sh("PVE1", "tailscale up");
  }, 120_000);

  test("the one with the lower address stays as it is", async () => {
    const { exitCode, text } = await stage.up("PVE1");
    expect(text).toContain("Nothing to do");
    expect(exitCode).toBe(0);
  }, 60_000);

  test("no host joins without a shell on the member, and nothing is dissolved for it", async () => {
    const barred = "/etc/ssh/sshd_config.d/00-test.conf";
    await stage.sh("PVE1", `echo PasswordAuthentication no > ${barred}; systemctl reload ssh`);
    const { exitCode, text } = await stage.up("pve2");
    expect(text).toMatch(/Permission denied.*E_NO_SHELL, exit 4/);
    expect(exitCode).toBe(4);
    expect(await stage.sh("pve2", "cat /etc/pve/.members")).toContain('"nodes": 1');
    await stage.sh("PVE1", `rm ${barred}; systemctl reload ssh`);
  }, 60_000);

  test("the other one is dissolved, with its /etc/pve as it was, and joins", async () => {
    const { exitCode, text } = await stage.up("pve2");
    expect(text).toMatch(/dissolve: standalone, \d+ files of \/etc\/pve as before\s+([\d.]+ s\s+)?ok/);
    expect(exitCode).toBe(0);
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 2 });
    const members = await stage.sh("PVE1", "cat /etc/pve/.members");
    expect(members).toContain('"PVE1"');
    expect(members).toContain('"pve2"');
  }, 120_000);

  test.each(["PVE1", "pve2"])(
    "names that a member has lost are mended by up on %s",
    async (mender) => {
      await expectNames();
      const pids = await stage.sh("PVE1", "systemctl show pve-cluster --property=MainPID");
      await stage.sh("PVE1", "sed -i /pve2/d /etc/hosts");
      expect((await stage.up(mender)).exitCode).toBe(0);
      await expectNames();
      expect(await stage.sh("PVE1", "systemctl show pve-cluster --property=MainPID")).toBe(pids);
      for (const host of stage.plan.hosts)
        expect((await stage.up(host.name)).text).toContain("Nothing to do");
    },
    120_000,
  );

  async function expectNames(): Promise<void> {
    for (const host of stage.plan.hosts) {
      for (const other of stage.plan.hosts) {
        const [address] = (await stage.sh(host.name, `getent ahostsv4 ${other.name}`)).split(/\s/);
        expect(address).toBe((await tailnetAddress(stage.plan, other)) ?? "");
      }
    }
  }
});
