import { expect, test } from "bun:test";
import { eventually, untilReady } from "../hosts.ts";
import type { ClusterStory } from "./story.ts";

/** The cluster of one. */
export function clusterOfOne({ pve1 }: ClusterStory): void {
  test("pvecm create makes a quorate cluster of one, and says what it does", async () => {
    const { stdout, stderr, exitCode } = await pve1.run([
      ...(["pvecm", "create", "tailmox", "--link0", `address=${pve1.address}`, "--nodeid", "10"] as const),
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(`Corosync Cluster Engine Authentication key generator.
Gathering 2048 bits for key from /dev/urandom.
Writing corosync key to /etc/corosync/authkey.
Writing corosync config to /etc/pve/corosync.conf
Restart corosync and cluster filesystem
`);
    expect((await pve1.sh("stat -c '%a %s' /etc/corosync/authkey")).stdout).toBe("400 256\n");
  });

  test("15.8 right after it the programs find pmxcfs refusing for a while", async () => {
    const text =
      [1, 2, 3].map((n) => `ipcc_send_rec[${n}] failed: Connection refused\n`).join("") +
      "Unable to load access control list: Connection refused\n";
    const commands = ["pvesh get /version", "pvecm status", "pvecm nodes", "pvenode task list"];
    for (const answer of await Promise.all(commands.map((command) => pve1.sh(command)))) {
      expect(answer).toMatchObject({ exitCode: 111, stdout: "", stderr: text });
    }
    await untilReady(pve1);
  });

  test("15.2 and 15.5 one of one: quorate, status exits 0, both copies of the configuration are the same", async () => {
    const { stdout, exitCode } = await eventually("quorate", async () => {
      const status = await pve1.run(["pvecm", "status"]);
      return status.exitCode === 0 ? status : undefined;
    });
    expect(exitCode).toBe(0);
    expect(stdout).toStartWith(`Cluster information
-------------------
Name:             tailmox
Config Version:   1
Transport:        knet
Secure auth:      on

Quorum information
------------------
`);
    expect(stdout).toMatch(/^Quorum: {11}1 {2}$/m);
    expect(stdout).toMatch(/^Flags: {12}Quorate $/m);
    expect(stdout).toContain(`0x0000000a          1 ${pve1.address} (local)`);
    expect((await pve1.run(["pvecm", "nodes"])).stdout).toContain("        10          1 pve1 (local)");
    expect((await pve1.run(["cmp", "/etc/pve/corosync.conf", "/etc/corosync/corosync.conf"])).exitCode).toBe(
      0,
    );
    const again = await pve1.run(["pvecm", "create", "other"]);
    expect(again.exitCode).not.toBe(0);
    expect(again.stderr).toBe("cluster config '/etc/pve/corosync.conf' already exists\n");
  });
}
