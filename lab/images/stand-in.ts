import type { ImageFile, Release } from "./recipe.ts";

/** What the Proxmox stand-in puts over a Debian root. */
export async function standInLayer(_release: Release): Promise<readonly ImageFile[]> {
  return [];
}
