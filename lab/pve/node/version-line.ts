import type { Release } from "./release.ts";

/** `pve-manager/9.1.2/9d436f37a0ac4172` (proxmox.md 1). */
export function managerLine(release: Release): string {
  return `pve-manager/${release.pveManager}/${release.repoid}`;
}
