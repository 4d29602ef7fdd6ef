import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { exists, makeFolder, readText, setContents } from "../node/files.ts";
import type { PveNode } from "../node/pve-node.ts";
import { ensureClusterCa, ensureNodeCertificate } from "./certificates.ts";

export const TICKET_KEY = "/etc/pve/priv/authkey.key";
export const TICKET_PUBLIC_KEY = "/etc/pve/authkey.pub";
export const CSRF_KEY = "/etc/pve/pve-www.key";

/** Folders, ticket keys, authority and this node's certificate in /etc/pve; what exists is kept unless `force`. */
export async function ensureNodeFiles(node: PveNode, address: string, force: boolean): Promise<void> {
  await ensureNodeFolders(node, node.name);
  await ensureTicketKey(node);
  if (!(await exists(node, CSRF_KEY))) await setContents(node, CSRF_KEY, newKey(), 0o640);
  await ensureClusterCa(node);
  await ensureNodeCertificate(node, address, force);
}

/** nodes/NAME and what every node has below it. */
export async function ensureNodeFolders(node: PveNode, name: string): Promise<void> {
  await makeFolder(node, "/etc/pve/priv");
  for (const folder of ["", "/qemu-server", "/lxc", "/openvz", "/priv"]) {
    await makeFolder(node, `/etc/pve/nodes/${name}${folder}`);
  }
}

async function ensureTicketKey(node: PveNode): Promise<void> {
  let key = await readText(node, TICKET_KEY);
  if (key && (await exists(node, TICKET_PUBLIC_KEY))) return;
  if (!key) {
    key = newKey();
    await setContents(node, TICKET_KEY, key, 0o600);
  }
  const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" });
  await setContents(node, TICKET_PUBLIC_KEY, publicKey.toString(), 0o640);
}

function newKey(): string {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return pair.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
}
