import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../../src/host/run.ts";
import { searchDomain } from "../node/addresses.ts";
import { exists, readText, setContents } from "../node/files.ts";
import type { PveNode } from "../node/pve-node.ts";

export const CA_CERT = "/etc/pve/pve-root-ca.pem";
const CA_KEY = "/etc/pve/priv/pve-root-ca.key";
const CA_SERIAL = "/etc/pve/priv/pve-root-ca.srl";

/** Makes the cluster's certificate authority unless it is there: ten years, private to this cluster. */
export async function ensureClusterCa(node: PveNode): Promise<void> {
  if (!(await exists(node, CA_KEY))) await setContents(node, CA_KEY, await newKey(4096), 0o600);
  if (await exists(node, CA_CERT)) return;
  const certificate = await withFolder(async (folder) => {
    await writeFile(join(folder, "key"), (await readText(node, CA_KEY)) ?? "", { mode: 0o600 });
    await writeFile(join(folder, "config"), CA_CONFIG);
    const subject = `/CN=Proxmox Virtual Environment/OU=${randomUUID()}/O=PVE Cluster Manager CA`;
    return await openssl(folder, [
      ...["req", "-batch", "-x509", "-new", "-sha256", "-nodes", "-days", "3650"],
      ...["-key", "key", "-config", "config", "-extensions", "v3", "-subj", subject],
    ]);
  });
  await setContents(node, CA_CERT, certificate, 0o640);
}

/** Makes this node's certificate, signed by the cluster's authority, unless it is there or `force`. */
export async function ensureNodeCertificate(node: PveNode, address: string, force: boolean): Promise<void> {
  const folder = `/etc/pve/nodes/${node.name}` as const;
  if (!(await exists(node, `${folder}/pve-ssl.key`))) {
    await setContents(node, `${folder}/pve-ssl.key`, await newKey(2048), 0o640);
  }
  if (!force && (await exists(node, `${folder}/pve-ssl.pem`))) return;
  const domain = await searchDomain(node);
  const certificate = await signNodeCertificate(node, domain ? `${node.name}.${domain}` : node.name, address);
  await setContents(node, `${folder}/pve-ssl.pem`, certificate, 0o640);
}

/** The names that a node's certificate holds, in Proxmox's order (proxmox.md 1). */
export function subjectNames(name: string, fqdn: string, address: string): string[] {
  const names = [
    "IP:127.0.0.1",
    "IP:::1",
    "DNS:localhost",
    isIP(address) ? `IP:${address}` : `DNS:${address}`,
  ];
  return [...new Set([...names, `DNS:${name}`, `DNS:${fqdn}`])];
}

async function signNodeCertificate(node: PveNode, fqdn: string, address: string): Promise<string> {
  return await withFolder(async (folder) => {
    const put = async (name: string, path: `/${string}`) =>
      writeFile(join(folder, name), (await readText(node, path)) ?? "", { mode: 0o600 });
    await put("key", `/etc/pve/nodes/${node.name}/pve-ssl.key`);
    await put("ca.key", CA_KEY);
    await put("ca.pem", CA_CERT);
    const serial = (await readText(node, CA_SERIAL)) ?? `${randomBytes(8).toString("hex").toUpperCase()}\n`;
    await writeFile(join(folder, "serial"), serial);
    await writeFile(join(folder, "extensions"), extensions(subjectNames(node.name, fqdn, address)));
    const subject = `/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=${fqdn}`;
    await openssl(folder, ["req", "-batch", "-new", "-key", "key", "-subj", subject, "-out", "request"]);
    const certificate = await openssl(folder, [
      ...["x509", "-req", "-in", "request", "-days", "730", "-sha256", "-extfile", "extensions"],
      ...["-CA", "ca.pem", "-CAkey", "ca.key", "-CAserial", "serial"],
    ]);
    await setContents(node, CA_SERIAL, await readFile(join(folder, "serial"), "utf8"), 0o600);
    return certificate;
  });
}

const CA_CONFIG = `[req]
distinguished_name = dn
[dn]
[v3]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
`;

function extensions(names: readonly string[]): string {
  return `basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectAltName=${names.join(",")}
`;
}

async function newKey(bits: number): Promise<string> {
  return await runOk(["openssl", "genrsa", "-traditional", String(bits)], { timeoutMs: 120_000 });
}

async function openssl(folder: string, args: readonly string[]): Promise<string> {
  return await runOk(["openssl", ...args], { cwd: folder, timeoutMs: 120_000 });
}

/** Keys touch the disk only in a folder of root's own that is gone at once. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "pve-cert-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
