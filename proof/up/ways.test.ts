import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { writeHostFile } from "../../lab/machines/files.ts";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";

/** Each way of asking a peer where it stands, and of being let in. */
describeLab("tailmox up joins", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-ways");
    expect((await stage.up("pve1", "--create")).exitCode).toBe(0);
    await stage.keep("founded");
  }, 300_000);
  beforeEach(() => stage.back("founded"), 120_000);
  afterAll(() => stage.close(), 60_000);

  test("by root's ssh key, with no password at all", async () => {
    const key = await stage.sh(
      "pve3",
      "test -e ~/.ssh/id_rsa || ssh-keygen -qt rsa -N '' -f ~/.ssh/id_rsa; cat ~/.ssh/id_rsa.pub",
    );
    await stage.sh("pve1", `echo '${key.trim()}' >> /root/.ssh/authorized_keys`);
    const said = await stage.tailmox("pve3", "up", "--yes");
    expect(said.text).toContain("by root's ssh key");
    expect(said.exitCode).toBe(0);
    await whole(2, "pve1", "pve3");
  }, 200_000);

  test("by a file with one password, which nobody else on the host ever sees", async () => {
    const { password } = stage.host("pve1");
    await writeHostFile(stage.plan, stage.host("pve3"), "/root/one", `${password}\n`, 0o600);
    const seen = stage.sh("pve3", SPY, 120_000);
    const said = await stage.tailmox("pve3", "up", "--yes", "--password-file", "/root/one");
    await stage.sh("pve3", "touch /run/spy-end");
    expect(said.text).toContain("by its root password");
    expect(said.exitCode).toBe(0);
    const { length } = (await seen).split("\n").filter((line) => line.includes(password));
    expect(length).toBe(0);
    expect(await seen).toContain("pvecm");
    const logs = await stage.sh("pve3", "journalctl --sync; journalctl; cat /var/log/tailmox.log");
    expect(logs).not.toContain(password);
    await whole(2, "pve1", "pve3");
  }, 200_000);

  test("by one password for each peer", async () => {
    const said = await stage.up("pve3");
    expect(said.exitCode).toBe(0);
    expect((await stage.up("pve2")).exitCode).toBe(0);
    await whole(3, "pve1", "pve2", "pve3");
  }, 200_000);

  test("a host whose name has capitals, which Tailscale does not keep", async () => {
    await stage.sh(
      "pve2",
      "hostnamectl hostname PVE2; sed -i 's/pve2/PVE2/g' /etc/hosts; systemctl restart pve-cluster; sleep 2; rm -r /etc/pve/nodes/pve2",
    );
    const said = await stage.up("pve2");
    expect(said.exitCode).toBe(0);
    expect(await stage.sh("pve1", "cat /etc/pve/corosync.conf")).toContain("name: PVE2");
    await whole(2, "pve1", "pve2");
    expect((await stage.up("pve2")).text).toContain("Nothing to do");
  }, 200_000);

  async function whole(votes: number, ...names: string[]): Promise<void> {
    const hosts = names.map((name) => stage.host(name));
    await waitForVotes(stage.plan, hosts, { quorate: true, votes });
  }
});

/** Arguments and environments of all processes, ten times a second, until it is told to end. */
const SPY = `end=$((SECONDS + 100)); while [ ! -e /run/spy-end ] && [ $SECONDS -lt $end ]; do
  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; sleep 0.1; done | sort -u`;
