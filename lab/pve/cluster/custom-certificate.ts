import { createPrivateKey, X509Certificate } from "node:crypto";
import { rm } from "node:fs/promises";
import { runOk } from "../../../src/host/run.ts";
import { PveError, parameterError, textOf } from "../errors.ts";
import { readText, setContents } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";

interface Chosen {
  readonly restart: boolean;
  readonly print: (line: string) => void;
}

/** Puts a certificate and its key before pveproxy; words and refusals of proxmox.md 9. */
export async function setCustomCertificate(
  node: PveNode,
  given: Chosen & { chain: string; key: string | undefined; force: boolean },
): Promise<void> {
  const { certPath, keyPath } = paths(node);
  const old = { cert: await readText(node, certPath), key: await readText(node, keyPath) };
  const key = given.key ?? old.key;
  if (key === undefined) {
    throw parameterError({ key: "Attempted to upload custom certificate without (existing) key." });
  }
  if (!given.force && old.cert !== undefined) {
    throw new PveError("Custom certificate file exists but force flag is not set.");
  }
  given.print("Setting custom certificate files\n");
  const mismatch = whyNot(given.chain, key);
  if (mismatch) throw new PveError(`Setting certificate files failed - ${mismatch}`);
  await setContents(node, certPath, given.chain, 0o640);
  if (given.key !== undefined) await setContents(node, keyPath, given.key, 0o640);
  if (given.restart) await reloadProxy(given.print);
}

/** Back to the certificate of the cluster's own authority. */
export async function removeCustomCertificate(node: PveNode, { restart, print }: Chosen): Promise<void> {
  print("Deleting custom certificate files\n");
  const { certPath, keyPath } = paths(node);
  for (const path of [certPath, keyPath]) await rm(at(node, path), { force: true });
  if (restart) await reloadProxy(print);
}

async function reloadProxy(print: Chosen["print"]): Promise<void> {
  print("Restarting pveproxy\n");
  await runOk(["systemctl", "reload-or-restart", "pveproxy"], { timeoutMs: 120_000 });
}

function whyNot(chain: string, key: string): string | undefined {
  try {
    const matches = new X509Certificate(chain).checkPrivateKey(createPrivateKey(key));
    return matches ? undefined : "key does not match the certificate (chain) (key values mismatch)";
  } catch (error) {
    return `key does not match the certificate (chain) (${textOf(error)})`;
  }
}

function paths(node: PveNode): { certPath: `/${string}`; keyPath: `/${string}` } {
  const base = `/etc/pve/nodes/${node.name}/pveproxy-ssl` as const;
  return { certPath: `${base}.pem`, keyPath: `${base}.key` };
}
