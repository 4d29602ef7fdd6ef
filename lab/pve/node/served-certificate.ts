import { X509Certificate } from "node:crypto";
import { PveError } from "../errors.ts";
import { readText } from "./files.ts";
import type { PveNode } from "./pve-node.ts";

/** Certificate and key that a node's pveproxy presents: pveproxy-ssl if both files are there, else pve-ssl. */
export async function servedCertificate(node: PveNode): Promise<{ cert: string; key: string } | undefined> {
  for (const name of ["pveproxy-ssl", "pve-ssl"]) {
    const cert = await readText(node, `/etc/pve/local/${name}.pem`);
    const key = await readText(node, `/etc/pve/local/${name}.key`);
    if (cert && key) return { cert, key };
  }
  return undefined;
}

/** SHA-256 of the leaf certificate that a member presents, from its files in /etc/pve (proxmox.md 5.3). */
export async function servedFingerprint(node: PveNode, name: string): Promise<string> {
  const folder = `/etc/pve/nodes/${name}` as const;
  const pem =
    (await readText(node, `${folder}/pveproxy-ssl.pem`)) ?? (await readText(node, `${folder}/pve-ssl.pem`));
  if (!pem) throw new PveError(`unable to read file '${folder}/pve-ssl.pem' - No such file or directory`);
  return new X509Certificate(pem).fingerprint256;
}
