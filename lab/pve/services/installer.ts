import { mkdir, writeFile } from "node:fs/promises";
import { ensureNodeFolders } from "../cluster/node-files.ts";
import { ensureRootKey, linkAuthorizedKeys } from "../cluster/ssh.ts";
import { PveError } from "../errors.ts";
import { exists, setContents } from "../node/files.ts";
import { openNode } from "../node/pve-node.ts";
import { isQuorate } from "../node/quorum.ts";

const DONE = "/var/lib/lab-pve/installed";

/**
 * What Proxmox's installer leaves in /etc/pve, once at the first boot: the first user, the local storage, root's
 * ssh keys as a link into it (proxmox.md 2). Certificates and ticket keys come with pveproxy's own start.
 */
export async function installerMain(): Promise<number> {
  const node = await openNode();
  if (await exists(node, DONE)) return 0;
  for (let waited = 0; !(await isQuorate(node)); waited++) {
    if (waited > 600) throw new PveError("no /etc/pve to install into after 60 s");
    await Bun.sleep(100);
  }
  await ensureNodeFolders(node, node.name);
  for (const [path, content, mode] of DEFAULTS) {
    if (!(await exists(node, path))) await setContents(node, path, content, mode);
  }
  await ensureRootKey(node, { print: () => undefined, warn: () => undefined });
  await linkAuthorizedKeys(node);
  await mkdir("/var/lib/lab-pve", { recursive: true });
  await writeFile(DONE, "");
  return 0;
}

const DEFAULTS: readonly (readonly [`/${string}`, string, number])[] = [
  ["/etc/pve/user.cfg", "user:root@pam:1:0:::root@example.invalid::\n", 0o640],
  ["/etc/pve/datacenter.cfg", "keyboard: en-us\n", 0o640],
  ["/etc/pve/storage.cfg", "dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl,backup\n\n", 0o640],
  [
    "/etc/pve/vzdump.cron",
    '# cluster wide vzdump cron schedule\n# Automatically generated file - do not edit\n\nPATH="/usr/sbin:/usr/bin:/sbin:/bin"\n\n',
    0o640,
  ],
];
