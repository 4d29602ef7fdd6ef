import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeHostFile } from "../../lab/machines/files.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { type Stage, setStage } from "../../proof/up/stage.ts";
import { describeLab } from "../lab-only.ts";

const KEYS = "/etc/pve/priv/authorized_keys";

describeLab("hosts that hold no key and no password of each other", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("e2e-rendezvous", {
      sites: [{ name: "a" }, { name: "b" }],
      hosts: [
        { name: "pve1", site: "a", release: "pve9", tailscale: true },
        { name: "pve2", site: "b", release: "pve9", tailscale: true },
      ],
      defaultLink: { rttMs: 20 },
    });
  }, 240_000);

  afterAll(() => stage.close());

  test("find each other, prove UDP both ways, and elect one founder", async () => {
    const [created, looked] = await Promise.all([up("pve1"), up("pve2", "--dry-run")]);
    expect(created.exitCode).toBe(0);
    expect(created.text).toMatch(/pve2 +direct .* both ways/);
    expect(created.text).toContain("pve2 standalone");
    expect(looked.text).toMatch(/pve1 +direct .* both ways/);
    expect(looked.text).toMatch(/pve1 \(100\.64\.0\.1\) goes first/);
  }, 120_000);

  test("see UDP that is dropped in one direction as lost, and one whose join fails keeps no key", async () => {
    const admitting = stage.tailmox("pve1", "admit", "--peer", "pve2", "--yes", "--wait", "3m");
    await drop("in", "5405-5412");
    const shut = await up("pve2", "--wait", "0s");
    await allow();
    expect(shut.text).toContain("what is sent there arrives, what comes back from");
    expect(shut.text).toContain("E_UDP_FILTERED, exit 4");

    await drop("out", "5405");
    const failed = await up("pve2", "--join-timeout", "10s");
    await allow();
    expect(failed.text).toContain("pve2 removed from the cluster (quorate, 1 of 1 votes)");
    expect((await admitting).text).toContain("E_ADMIT_FAILED, exit 5");
    const keys = await stage.sh("pve1", `cat ${KEYS}`);
    expect(keys).not.toContain(await rootKey("pve2"));
    expect(keys).toContain(await rootKey("pve1"));
    expect(await admitTimers()).toBe("");
  }, 240_000);

  test("come together when somebody on the member lets the other one in", async () => {
    const admitting = stage.tailmox("pve1", "admit", "--peer", "pve2", "--yes", "--wait", "3m");
    const joined = await up("pve2");
    const admitted = await admitting;
    expect([joined.exitCode, admitted.exitCode]).toEqual([0, 0]);
    const [shown] = /SHA256:\S{43}/.exec(admitted.text) ?? [];
    expect(joined.text).toContain(shown ?? "a fingerprint");
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 2 });
    const own = await rootKey("pve2");
    const lines = (await stage.sh("pve1", `cat ${KEYS}`)).split("\n").filter((line) => line.includes(own));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toStartWith("ssh-rsa ");
    expect(await admitTimers()).toBe("");
  }, 240_000);

  function up(host: string, ...more: string[]) {
    return stage.tailmox(host, "up", "--yes", "--web", "none", ...more);
  }

  async function rootKey(host: string): Promise<string> {
    return (await stage.sh(host, "cut -d ' ' -f 2 /root/.ssh/id_rsa.pub")).trim();
  }

  function admitTimers(): Promise<string> {
    return stage.sh("pve1", "systemctl list-units --all --no-legend 'tailmox-admit*'");
  }

  /** UDP of the second host, in one direction. */
  async function drop(hook: "in" | "out", ports: string): Promise<void> {
    const text = `table inet nocorosync {
  chain c { type filter hook ${hook}put priority -10; udp dport ${ports} drop; }
}
`;
    await writeHostFile(stage.plan, stage.host("pve2"), "/root/drop.nft", text, 0o644);
    await stage.sh("pve2", "nft -f /root/drop.nft");
  }

  async function allow(): Promise<void> {
    await stage.sh("pve2", "nft delete table inet nocorosync");
  }
});
