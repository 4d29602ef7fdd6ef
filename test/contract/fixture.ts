import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureClusterCa, ensureNodeCertificate } from "../../lab/pve/cluster/certificates.ts";
import { formatCorosyncConf } from "../../lab/pve/cluster/corosync-conf.ts";
import { newClusterConf } from "../../lab/pve/cluster/create.ts";
import { openNode, type PveNode } from "../../lab/pve/node/pve-node.ts";
import { RELEASE_FILE, RELEASES } from "../../lab/pve/node/release.ts";

export interface Fixture {
  readonly node: PveNode;
  remove(): Promise<void>;
}

/** A folder that looks like a host's root, /etc/pve with real certificates and two guests in it. */
export async function hostFixture(options: { clustered: boolean }): Promise<Fixture> {
  const root = await mkdtemp(join(tmpdir(), "pve-fixture-"));
  const put = async (path: string, content: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  await put(RELEASE_FILE, JSON.stringify(RELEASES.pve9));
  await put("/etc/hostname", "pve1\n");
  await put("/etc/hosts", "127.0.0.1 localhost\n100.64.0.1 pve1\n");
  await put("/etc/resolv.conf", "search example.lan\nnameserver 192.0.2.1\n");
  await put("/etc/pve/user.cfg", USERS);
  await put("/etc/pve/storage.cfg", "dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl,backup\n");
  await put("/etc/pve/datacenter.cfg", "keyboard: en-us\nmigration: secure,network=100.64.0.0/10\n");
  await put("/etc/pve/nodes/pve1/qemu-server/100.conf", "name: web\nmemory: 2048\ncores: 2\ntags: a;b\n");
  await put("/etc/pve/nodes/pve1/lxc/101.conf", "hostname: dns\nmemory: 512\n");
  await mkdir(join(root, "/etc/corosync"), { recursive: true });
  await writeFile(join(root, "/etc/corosync/authkey"), Buffer.alloc(256, 0xe9));
  for (const folder of ["/etc/pve/priv", "/var/lock"]) await mkdir(join(root, folder), { recursive: true });
  await symlink("nodes/pve1", join(root, "/etc/pve/local"));
  const node = await openNode(root);
  await ensureClusterCa(node);
  await ensureNodeCertificate(node, "100.64.0.1", false);
  if (options.clustered) {
    const conf = newClusterConf(node, { clustername: "tailmox", link0: "100.64.0.1" }, "100.64.0.1");
    await put("/etc/pve/corosync.conf", formatCorosyncConf(conf));
  }
  await put(
    "/etc/pve/.members",
    JSON.stringify(options.clustered ? MEMBERS : { nodename: "pve1", version: 1 }),
  );
  return { node, remove: () => rm(root, { recursive: true, force: true }) };
}

const USERS = `user:root@pam:1:0:::::
user:audit@pve:1:0:::::
user:nobody@pve:1:0:::::
token:root@pam!tailmox:0:0::
acl:1:/:audit@pve:PVEAuditor:
`;

const MEMBERS = {
  nodename: "pve1",
  version: 4,
  cluster: { name: "tailmox", version: 1, nodes: 1, quorate: 1 },
  nodelist: { pve1: { id: 1, online: 1, ip: "100.64.0.1" } },
};
