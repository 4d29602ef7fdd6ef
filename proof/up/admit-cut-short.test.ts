import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { bootHost } from "../../lab/machines/boot.ts";
import { crashHost } from "../../lab/machines/power.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Said, type Stage, setStage } from "./stage.ts";

const KEYS = "/etc/pve/priv/authorized_keys";
const GRANTED = `grep -q " tailmox admit-" ${KEYS}`;
const LOG = "/var/log/tailmox.log";
/** The time of a grant; its timer runs half a minute later. */
const GRANT_S = 30;

/** A member, and a host without any password of it. */
describeLab("the key of a host that tailmox admit was letting in goes", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-admit", {
      sites: [{ name: "a" }, { name: "b" }],
      hosts: [
        { name: "pve1", site: "a", release: "pve9", tailscale: true },
        { name: "pve2", site: "b", release: "pve8", tailscale: true },
      ],
    });
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    await stage.keep("founded");
  }, 300_000);
  beforeEach(() => stage.back("founded"), 120_000);
  afterAll(() => stage.close(), 60_000);

  test("after a SIGKILL of both sides, by its timer, and sshd does not take it any more before that", async () => {
    const { admitting, joining } = await untilGranted();
    await Promise.all(["pve1", "pve2"].map(kill));
    await Promise.all([admitting, joining]);
    expect(await logsIn()).toBe(true);
    await Bun.sleep((GRANT_S + 2) * 1000);
    expect(await stage.holds("pve1", GRANTED)).toBe(true);
    expect(await logsIn()).toBe(false);
    await untilGone();
    expect(await stage.sh("pve1", "systemctl list-units --all --no-legend 'tailmox-admit*'")).toBe("");
  }, 200_000);

  test("after a SIGKILL of admit while the host joins, whose own key stays", async () => {
    const { joining } = await untilGranted();
    // From its first change on it does not ask any more.
    await stage.sh(
      "pve2",
      `timeout 50 bash -c 'until grep -q "\\"event\\":\\"change\\"" ${LOG}; do sleep 0.1; done'`,
    );
    await kill("pve1");
    expect((await joining).exitCode).toBe(0);
    await waitForVotes(stage.plan, stage.plan.hosts, { quorate: true, votes: 2 });
    await untilGone();
    expect(await logsIn()).toBe(true);
  }, 200_000);

  test("after a power cut of the member, by sshd's clock, and out of the file with the next admit", async () => {
    const { admitting, joining } = await untilGranted();
    const [id] = /tailmox admit-\S+/.exec(await stage.sh("pve1", `cat ${KEYS}`)) ?? ["no grant"];
    await Promise.all([crashHost(stage.plan, stage.host("pve1")), kill("pve2")]);
    await bootHost(stage.plan, stage.host("pve1"));
    await Promise.allSettled([admitting, joining]);
    await Bun.sleep((GRANT_S + 2) * 1000);
    expect(await logsIn()).toBe(false);
    expect(await stage.sh("pve1", `cat ${KEYS}`)).toContain(id);
    const again = await Promise.all([admit("3m"), join()]);
    expect(again.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(await stage.holds("pve1", GRANTED)).toBe(false);
    expect(await logsIn()).toBe(true);
  }, 200_000);

  /** Both run, and the key is accepted. */
  async function untilGranted(): Promise<{ admitting: Promise<Said>; joining: Promise<Said> }> {
    await stage.sh("pve2", `rm -f ${LOG}`);
    const [admitting, joining] = [admit(`${GRANT_S}s`), join()];
    await stage.sh("pve1", `timeout 40 bash -c 'until ${GRANTED}; do sleep 0.05; done'`);
    return { admitting, joining };
  }

  function admit(wait: string): Promise<Said> {
    return stage.tailmox("pve1", "admit", "--peer", "pve2", "--yes", "--wait", wait);
  }

  function join(): Promise<Said> {
    return stage.tailmox("pve2", "up", "--yes");
  }

  async function kill(name: string): Promise<void> {
    await stage.sh(name, "pkill -KILL -x tailmox || true");
  }

  async function untilGone(): Promise<void> {
    await stage.sh("pve1", `timeout 90 bash -c 'while ${GRANTED}; do sleep 0.5; done'`, 100_000);
  }

  /** As pvecm does, with root's own key. */
  async function logsIn(): Promise<boolean> {
    const address = (await stage.sh("pve1", "tailscale ip -4")).trim();
    const options = "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";
    return stage.holds("pve2", `ssh ${options} -i /root/.ssh/id_rsa root@${address} true`);
  }
});
