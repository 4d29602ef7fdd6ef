import { ensureStandIn } from "../pve/build.ts";
import { standInFiles } from "../pve/install.ts";
import type { ImageFile, Release } from "./recipe.ts";

/** What the Proxmox stand-in puts over a Debian root. */
export async function standInLayer(release: Release): Promise<readonly ImageFile[]> {
  return await standInFiles(release, await ensureStandIn());
}
