import { expect, test } from "bun:test";
import { untilReady } from "../hosts.ts";
import type { ClusterStory } from "./story.ts";

/** Joins of pve3 that stop half way, and the way back. */
export function halfJoins({ pve1, pve3, fingerprint }: ClusterStory): void {
  const joinThird = (seconds: number) =>
    pve3.sh(
      `echo ${pve1.password} | timeout --preserve-status -s INT ${seconds} pvecm add ${pve1.address} --link0 ${pve3.address} --fingerprint ${fingerprint()}`,
    );
  /** proxmox.md 4.5, and the member forgets it. */
  const restoreThird = async () => {
    await pve3.sh(`systemctl stop pve-cluster corosync
      rm -rf /etc/corosync/* /var/lib/corosync/* /var/lib/pve-cluster/config.db*
      zcat $(ls -t /var/lib/pve-cluster/backup/*.gz | head -1) | sqlite3 /var/lib/pve-cluster/config.db
      chmod 600 /var/lib/pve-cluster/config.db; systemctl start pve-cluster`);
    await untilReady(pve3);
    expect((await pve1.run(["pvecm", "delnode", "pve3"])).exitCode).toBe(0);
    expect((await pve1.sh("grep -c 'name: pve3' /etc/pve/corosync.conf")).stdout).toBe("0\n");
  };

  test("15.3 a join whose packets are dropped waits for ever; interrupted, it leaves half a member, which can be restored", async () => {
    await pve3.sh("echo 'user:mine@pve:1:0:::::' >> /etc/pve/user.cfg");
    const before = await pve3.sh("cat /etc/pve/user.cfg | sha256sum");
    await pve3.sh(
      "iptables -A INPUT -p udp --dport 5405 -j DROP; iptables -A OUTPUT -p udp --dport 5405 -j DROP",
    );
    const { stdout, stderr, exitCode } = await joinThird(12);
    expect(stdout).toEndWith("waiting for quorum...");
    expect({ stderr, exitCode }).toEqual({ stderr: "received interrupt\n", exitCode: 0 });
    const state = await pve3.sh("cat /root/.ssh/authorized_keys; ls /etc/pve; stat -c %A /etc/pve/local");
    expect(state.stderr).toContain("/root/.ssh/authorized_keys: No such file or directory");
    expect(state.stdout).toBe("corosync.conf\nlocal\nlxc\nqemu-server\nlr-xr-xr-x\n");
    expect((await pve1.run(["pvecm", "status"])).exitCode).toBe(0);

    const [plain, silent] = await Promise.all([
      pve3.run(["pvecm", "updatecerts"]),
      pve3.run(["pvecm", "updatecerts", "--silent"]),
    ]);
    const gaveUp =
      "got timeout when trying to ensure cluster certificates and base file hierarchy is set up - no quorum (yet) or hung pmxcfs?\n";
    expect(plain).toMatchObject({ stderr: gaveUp, exitCode: 255 });
    expect(plain.durationMs).toBeGreaterThan(30_000);
    expect(silent).toMatchObject({ stdout: "", stderr: gaveUp, exitCode: 0 });

    await pve3.run(["iptables", "-F"]);
    await restoreThird();
    expect((await pve3.sh("cat /etc/pve/user.cfg | sha256sum")).stdout).toBe(before.stdout);
  });

  test("15.3 the hang can be switched on; left to itself the node is a member, and updatecerts does what is missing", async () => {
    await pve3.sh("echo HANG_JOIN=1 > /etc/default/lab-pve");
    const { stdout, stderr } = await joinThird(10);
    expect(stdout).toEndWith("waiting for quorum...");
    expect(stderr).toBe("received interrupt\n");
    await pve3.sh("rm /etc/default/lab-pve");
    await untilReady(pve3);
    expect((await pve3.sh("ls /etc/pve/local/pve-ssl.pem")).exitCode).not.toBe(0);
    expect((await pve3.run(["pvecm", "updatecerts", "--force"])).stdout).toBe(
      "(re)generate node files\ngenerate new node certificate\nmerge authorized SSH keys\n",
    );
    expect(
      (await pve3.sh("openssl verify -CAfile /etc/pve/pve-root-ca.pem /etc/pve/local/pve-ssl.pem")).exitCode,
    ).toBe(0);
    await restoreThird();
  });
}
