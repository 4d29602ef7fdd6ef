import { X509Certificate } from "node:crypto";
import type { Reader } from "../host/host.ts";

/** What stands before pveproxy: its own authority's certificate, one that tailmox set, or somebody else's. */
export type ProxyCertificate = "own authority" | "tailmox" | "foreign";

const FOLDER = "/var/lib/tailmox/web";

/** Tailscale's certificate as tailmox keeps it: the newest, and the one that was set last. */
export const CERTIFICATE = {
  folder: FOLDER,
  cert: `${FOLDER}/cert.pem`,
  key: `${FOLDER}/key.pem`,
  set: `${FOLDER}/set.pem`,
} as const;

/** Where pveproxy reads a certificate that was set for it (proxmox.md 9). */
export function proxyCertificatePath(node: string): string {
  return `/etc/pve/nodes/${node}/pveproxy-ssl.pem`;
}

export async function readProxyCertificate(
  reader: Pick<Reader, "text">,
  node: string,
): Promise<ProxyCertificate> {
  const shown = await reader.text(proxyCertificatePath(node));
  if (shown === undefined) return "own authority";
  const ours = [await reader.text(CERTIFICATE.set), await reader.text(CERTIFICATE.cert)];
  return ours.includes(shown) ? "tailmox" : "foreign";
}

/** True when Proxmox itself is to get certificates for this node by ACME: it would replace ours. */
export async function hasAcme(reader: Pick<Reader, "text">, node: string): Promise<boolean> {
  return /^acme(?:domain\d+)?:/m.test((await reader.text(`/etc/pve/nodes/${node}/config`)) ?? "");
}

/** How many days a certificate (PEM) is still valid; undefined when it is none. */
export function daysLeft(pem: string, now = Date.now()): number | undefined {
  try {
    return daysUntil(new Date(new X509Certificate(pem).validTo), now);
  } catch {
    return undefined;
  }
}

export function daysUntil(date: Date, now = Date.now()): number {
  return Math.floor((date.getTime() - now) / 86_400_000);
}
