import { afterAll, beforeAll, expect, test } from "bun:test";
import { bootHost } from "../../lab/machines/boot.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";

/** Lines of the log, in their order: a command is written when it has ended, a file before it is changed. */
const MOMENTS = {
  "its beginning": '"event":"change".*dissolve',
  "the note of it": '"event":"write".*created\\.json',
  "the end of corosync": '"systemctl","stop".*"corosync"',
  "a pmxcfs of its own": '"pmxcfs","-l"',
  "the removal of corosync.conf": '"event":"remove".*"/etc/pve/corosync\\.conf"',
  "the removal of corosync's key": '"rm",.*"/etc/corosync/authkey"',
  "the return of pve-cluster": '"systemctl","start","pve-cluster"',
  "a new certificate": '"pvecm","updatecerts"',
  "the removal of the note": '"event":"remove".*created\\.json',
};

/** Two clusters of one host each, of which one gives way. */
describeLab("a second tailmox up ends well when dissolving the own cluster was cut short, at", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-dissolve", {
      sites: [{ name: "a" }, { name: "b" }],
      hosts: [
        { name: "pve1", site: "a", release: "pve9", tailscale: true },
        { name: "pve2", site: "b", release: "pve8", tailscale: true },
      ],
    });
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    await stage.sh("pve1", "tailscale down");
    expect((await stage.up("pve2", "--without", "pve1")).exitCode).toBe(0);
    await stage.sh("pve1", "tailscale up");
    await stage.sh("pve2", "echo kept > /etc/pve/kept");
    await stage.keep("rivals");
  }, 400_000);
  afterAll(() => stage.close(), 60_000);

  test.each(Object.entries(MOMENTS))(
    "%s, by a power cut",
    async (_, line) => {
      const { running } = await untilLine(line);
      await crashHost(stage.plan, stage.host("pve2"));
      await bootHost(stage.plan, stage.host("pve2"));
      await running.catch(() => undefined);
      await expectWhole();
    },
    200_000,
  );

  test.each(Object.entries(MOMENTS))(
    "%s, by a SIGKILL of tailmox",
    async (_, line) => {
      const { running } = await untilLine(line);
      await stage.sh("pve2", "pkill -KILL -x tailmox || true");
      await running;
      await expectWhole();
    },
    200_000,
  );

  async function untilLine(line: string): Promise<{ running: Promise<unknown> }> {
    await stage.back("rivals");
    await stage.sh("pve2", "rm /var/log/tailmox.log");
    const running = stage.up("pve2");
    const log = "/var/log/tailmox.log";
    await stage.sh(
      "pve2",
      `timeout 50 bash -c 'until grep -q '\\''${line}'\\'' ${log} 2>/dev/null; do sleep 0.02; done'`,
    );
    return { running };
  }

  /** One run, and both are in one cluster; what this host had in /etc/pve went with the copies before the join. */
  async function expectWhole(): Promise<void> {
    expect((await stage.up("pve2")).exitCode).toBe(0);
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 2 });
    expect(await stage.holds("pve2", "test -e /var/lib/tailmox/created.json")).toBe(false);
    const [copies] = (await stage.sh("pve2", "ls -d /var/lib/tailmox/backups/join-*")).split("\n");
    expect(await stage.sh("pve2", `tar -xOf ${copies}/etc-pve.tar ./kept`)).toBe("kept\n");
  }
});
