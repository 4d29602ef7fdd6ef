import { expect, test } from "bun:test";
import { eventually, type TestHost, untilReady } from "../hosts.ts";
import type { ClusterStory } from "./story.ts";

/** Two members: votes, addresses, configurations. */
export function twoMembers({ pve1, pve2 }: ClusterStory): void {
  test("15.2 two of two: quorate, both listed, expected below the present votes is refused", async () => {
    await untilReady(pve1);
    await untilReady(pve2);
    expect((await pve1.run(["pvecm", "status"])).stdout).toMatch(/^Total votes: {6}2$/m);
    const refused = await pve1.run(["pvecm", "expected", "1"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout + refused.stderr).toContain("Unable to set expected votes: CS_ERR_INVALID_PARAM");
    const ssh = await pve1.sh(
      `ssh -e none -o BatchMode=yes -o HostKeyAlias=pve2 -o UserKnownHostsFile=/etc/pve/nodes/pve2/ssh_known_hosts -o GlobalKnownHostsFile=none root@${pve2.address} hostname`,
    );
    expect(ssh.stdout).toBe("pve2\n");
  });

  test("15.10 a node's own hosts file decides its published address, when its pmxcfs starts", async () => {
    const published = async () =>
      JSON.parse((await pve1.sh("cat /etc/pve/.members")).stdout).nodelist.pve2.ip;
    expect(await published()).toBe(pve2.lan.address);
    await pve2.sh(`sed -i 's/^${pve2.lan.address} /${pve2.address} /' /etc/hosts`);
    await Bun.sleep(1_500);
    expect(await published()).toBe(pve2.lan.address);
    await pve2.run(["systemctl", "restart", "pve-cluster"]);
    await eventually("the new address", async () =>
      (await published()) === pve2.address ? true : undefined,
    );
    await untilReady(pve2);
  });

  test("15.12 a configuration with a lower version is ignored by corosync's copy, a higher one is taken", async () => {
    const change = (from: string, to: string) =>
      `sed 's/config_version: ${from}/config_version: ${to}/' /etc/pve/corosync.conf > /etc/pve/corosync.conf.new && mv /etc/pve/corosync.conf.new /etc/pve/corosync.conf`;
    const version = async (host: TestHost) =>
      /config_version: (\d+)/.exec((await host.sh("cat /etc/corosync/corosync.conf")).stdout)?.[1];
    const current = Number(await version(pve1));
    expect((await pve1.sh(change(`${current}`, `${current - 1}`))).exitCode).toBe(0);
    const journal = await pve1.sh(
      "journalctl -u pve-cluster --no-pager | grep -c 'local corosync.conf is newer'",
    );
    expect(Number(journal.stdout)).toBeGreaterThan(0);
    expect(await version(pve1)).toBe(`${current}`);
    expect((await pve1.sh(change(`${current - 1}`, `${current + 1}`))).exitCode).toBe(0);
    for (const host of [pve1, pve2]) {
      await eventually(`${host.name} has it`, async () =>
        (await version(host)) === `${current + 1}` ? true : undefined,
      );
    }
  });

  test("15.5 a member whose corosync is stopped exits 1, and the other does not list it", async () => {
    await pve2.run(["systemctl", "stop", "corosync"]);
    const own = await pve2.run(["pvecm", "status"]);
    expect(own.exitCode).toBe(1);
    expect(own.stdout).toContain("Name:             tailmox\n");
    expect(own.stdout + own.stderr).toContain("Cannot initialize CMAP service");
    const seen = await eventually("one alone", async () => {
      const { stdout, exitCode } = await pve1.run(["pvecm", "status"]);
      return exitCode === 2 ? stdout : undefined;
    });
    expect(seen).not.toContain(pve2.address);
    await pve2.run(["systemctl", "start", "corosync"]);
    await Promise.all([pve1, pve2].map(untilReady));
  });
}
