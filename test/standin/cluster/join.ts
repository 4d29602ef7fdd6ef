import { expect, test } from "bun:test";
import { eventually, fingerprintOf } from "../hosts.ts";
import type { ClusterStory } from "./story.ts";

/** pve2 becomes a member, by the API. */
export function joinByPassword({ pve1, pve2, fingerprint, join }: ClusterStory): void {
  test("15.3 and 15.9 a join by password from a pipe ends with the success line, and the cluster's /etc/pve", async () => {
    await pve1.sh(
      `echo 'user:audit@pve:1:0:::::' >> /etc/pve/user.cfg; echo 'ssh-ed25519 AAAA cluster-key' >> /etc/pve/priv/authorized_keys`,
    );
    await pve2.sh(`echo 'user:mine@pve:1:0:::::' >> /etc/pve/user.cfg
      printf 'nfs: nas\\n\\tserver 192.0.2.9\\n\\texport /x\\n\\n' >> /etc/pve/storage.cfg
      echo 'root@pam!mine 00000000-0000-0000-0000-000000000000' > /etc/pve/priv/token.cfg
      echo 'ssh-ed25519 AAAA own-key' >> /etc/pve/priv/authorized_keys
      cp /etc/pve/local/pve-ssl.pem /etc/pve/local/pveproxy-ssl.pem; cp /etc/pve/local/pve-ssl.key /etc/pve/local/pveproxy-ssl.key`);
    const before = await fingerprintOf(pve2);
    const { stdout, stderr, exitCode } = await join(
      "--fingerprint",
      fingerprint().toLowerCase(),
      "--nodeid",
      "20",
    );
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    // Quorum that is there at the first look is not waited for, and then not spoken of (proxmox.md 4.3, step 12).
    expect(
      stdout.replace(/config-\d+/, "config-EPOCH").replace("waiting for quorum...OK\n", ""),
    ).toBe(`Establishing API connection with host '${pve1.address}'
Login succeeded.
check cluster join API version
Request addition of this node
Join request OK, finishing setup locally
stopping pve-cluster service
backup old database to '/var/lib/pve-cluster/backup/config-EPOCH.sql.gz'
(re)generate node files
generate new node certificate
merge authorized SSH keys
generated new node certificate, restart pveproxy and pvedaemon services
successfully added node 'pve2' to cluster.
`);
    const files = await pve2.sh(
      "cat /etc/pve/user.cfg /etc/pve/storage.cfg /etc/pve/priv/authorized_keys; ls /etc/pve/priv /etc/pve/local/",
    );
    expect(files.stdout).toContain("audit@pve");
    expect(files.stdout).toContain("cluster-key");
    for (const gone of ["mine@pve", "nas", "token.cfg", "own-key", "pveproxy-ssl"])
      expect(files.stdout).not.toContain(gone);
    expect(
      await eventually("a new certificate", async () => {
        const now = await fingerprintOf(pve2).catch(() => before);
        return now === before ? undefined : now;
      }),
    ).not.toBe(fingerprint());
    expect((await pve2.sh("stat -c %a /etc/corosync/authkey /etc/corosync/corosync.conf")).stdout).toBe(
      "644\n644\n",
    );
    expect((await pve2.sh("grep ^PermitRootLogin /etc/ssh/sshd_config")).stdout).toBe(
      "PermitRootLogin yes\n",
    );
  });
}

/** pve3 becomes a member, by ssh. */
export function joinBySsh({ pve1, pve3 }: ClusterStory): void {
  test("a join by ssh needs a known host key and an accepted key, else it ends with exit 0 and nothing changed", async () => {
    const argv = [
      "pvecm",
      "add",
      pve1.address,
      "--use_ssh",
      "1",
      "--link0",
      `address=${pve3.address}`,
      "--nodeid",
      "15",
    ] as const;
    expect(await pve3.run(argv)).toMatchObject({
      stdout: "",
      stderr: "unable to copy ssh ID: exit code 1\n",
      exitCode: 0,
    });
    const key = (
      await pve3.sh(
        `ssh-keyscan ${pve1.address} >> /root/.ssh/known_hosts 2>/dev/null; cat /root/.ssh/id_rsa.pub`,
      )
    ).stdout;
    await pve1.sh("cat >> /etc/pve/priv/authorized_keys", { input: key });
    const joined = await pve3.run(argv, { timeoutMs: 120_000 });
    expect(joined.stderr).toBe("");
    expect(joined.stdout).toStartWith("copy corosync auth key\nstopping pve-cluster service\n");
    expect(joined.stdout).toEndWith("successfully added node 'pve3' to cluster.\n");
    const nodes = (await pve3.run(["pvecm", "nodes"])).stdout;
    for (const row of ["10          1 pve1", "15          1 pve3 (local)", "20          1 pve2"])
      expect(nodes).toContain(row);
  });
}
