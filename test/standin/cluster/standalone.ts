import { expect, test } from "bun:test";
import type { ClusterStory } from "./story.ts";

/** What a host says before there is a cluster, and what it refuses. */
export function standaloneHosts({ pve1, pve2, pve3 }: ClusterStory): void {
  test("15.1 pveversion says what the host is, in both releases, and dpkg knows the packages", async () => {
    expect((await pve1.run(["pveversion"])).stdout).toMatch(
      /^pve-manager\/9\.1\.2\/9d436f37a0ac4172 \(running kernel: \S+\)\n$/,
    );
    expect((await pve3.run(["pveversion"])).stdout).toMatch(
      /^pve-manager\/8\.4\.1\/2a5fa54a8503f96d \(running kernel: \S+\)\n$/,
    );
    const verbose = (await pve1.run(["pveversion", "--verbose"])).stdout.split("\n");
    expect(verbose[0]).toMatch(/^proxmox-ve: 9\.1\.0 \(running kernel: /);
    expect(verbose[1]).toBe("pve-manager: 9.1.2 (running version: 9.1.2/9d436f37a0ac4172)");
    expect(await pve1.run(["pveversion", "--colour"])).toMatchObject({ exitCode: 255 });
    const query = ["dpkg-query", "-W", "-f", `\${Version}`, "pve-cluster"] as const;
    expect((await pve1.run(query)).stdout).toBe("9.1.6");
    expect((await pve3.run(query)).stdout).toBe("8.1.0");
  });

  test("15.1 a standalone host has /etc/pve, writable, without corosync.conf", async () => {
    expect((await pve1.sh("ls /etc/pve")).stdout).not.toContain("corosync.conf");
    expect((await pve1.sh("stat -c '%A %N' /etc/pve/local")).stdout).toBe(
      "lrwxr-xr-x '/etc/pve/local' -> 'nodes/pve1'\n",
    );
    expect(JSON.parse((await pve1.sh("cat /etc/pve/.members")).stdout)).toMatchObject({ nodename: "pve1" });
    expect((await pve1.sh("readlink /root/.ssh/authorized_keys")).stdout).toBe(
      "/etc/pve/priv/authorized_keys\n",
    );
    expect((await pve1.run(["systemctl", "is-active", "corosync"])).stdout).toBe("inactive\n");
  });

  test("15.5 pvecm status and nodes of a standalone host fail with a text of their own", async () => {
    for (const command of ["status", "nodes"]) {
      const { exitCode, stderr, stdout } = await pve1.run(["pvecm", command]);
      expect(exitCode).not.toBe(0);
      expect(stdout).toBe("");
      expect(stderr).toBe(
        "Error: Corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?\n",
      );
    }
  });

  test("a command line that makes no sense is answered with 400 and the usage", async () => {
    const long = await pve1.run(["pvecm", "create", "sixteen-chars-xy"]);
    expect(long.stderr).toContain(
      "400 Parameter verification failed.\nclustername: value may only be 15 characters long\n",
    );
    expect(long.exitCode).not.toBe(0);
    expect((await pve1.run(["pvecm", "create", "under_score"])).stderr).toContain(
      "clustername: value does not look like a valid node name\n",
    );
    const older = await pve3.run(["pvecm", "create", "c", "--token-coefficient", "125"]);
    expect(older.stderr).toContain("Unknown option: token-coefficient\n400 unable to parse option\n");
    expect((await pve2.run(["pvecm", "add", "--use_ssh", pve1.address])).stderr).toContain(
      "400 not enough arguments\n",
    );
    expect((await pve1.run(["pvecm", "dance"])).stderr).toContain("unknown command 'pvecm dance'");
  });

  test("what fails inside pvecm create is a line on stderr, exit 0: a lock that is held, a name that is not known", async () => {
    const [held] = await Promise.all([
      pve3.sh("sleep 0.5; pvecm create other"),
      pve3.run(["flock", "/var/lock/pvecm.lock", "sleep", "12"]),
    ]);
    expect(held).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: "can't lock file '/var/lock/pvecm.lock' - got timeout\n",
    });
    const nameless = await pve3.sh(
      "cp /etc/hosts /root/hosts; sed -i /pve3/d /etc/hosts; pvecm create other; cp /root/hosts /etc/hosts",
    );
    expect(nameless.stderr).toBe(
      "hostname lookup 'pve3' failed - failed to get address info for: pve3: Name or service not known\n",
    );
    expect((await pve3.sh("ls /etc/pve/corosync.conf /etc/corosync/authkey")).stdout).toBe("");
  });
}
