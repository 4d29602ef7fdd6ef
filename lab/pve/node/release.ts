import { readFile } from "node:fs/promises";
import { z } from "zod";

const release = z.object({
  /** `pve8` or `pve9`. */
  name: z.enum(["pve8", "pve9"]),
  /** Package versions, as dpkg-query shows them. */
  pveManager: z.string(),
  pveCluster: z.string(),
  httpServer: z.string(),
  proxmoxVe: z.string(),
  repoid: z.string(),
});
/** Which Proxmox VE a host plays; written into its root as /usr/share/lab-pve/release.json. */
export type Release = z.infer<typeof release>;

export const RELEASE_FILE = "/usr/share/lab-pve/release.json";

/** The two releases that the lab plays; versions from proxmox.md 0 and 1. */
export const RELEASES: Readonly<Record<Release["name"], Release>> = {
  pve8: {
    name: "pve8",
    pveManager: "8.4.1",
    pveCluster: "8.1.0",
    httpServer: "5.2.2",
    proxmoxVe: "8.4.0",
    repoid: "2a5fa54a8503f96d",
  },
  pve9: {
    name: "pve9",
    pveManager: "9.1.2",
    pveCluster: "9.1.6",
    httpServer: "6.0.5",
    proxmoxVe: "9.1.0",
    repoid: "9d436f37a0ac4172",
  },
};

/** Reads which release this host plays. */
export async function readRelease(root: string): Promise<Release> {
  return release.parse(JSON.parse(await readFile(`${root}${RELEASE_FILE}`, "utf8")));
}

/** true when dotted version `version` is `wanted` or later. */
export function atLeast(version: string, wanted: string): boolean {
  const [have, need] = [numbers(version), numbers(wanted)];
  for (let i = 0; i < Math.max(have.length, need.length); i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  return version.split(/[.-]/).map(Number);
}
