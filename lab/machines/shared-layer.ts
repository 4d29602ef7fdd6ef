import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileDigest } from "../images/file-digest.ts";
import type { Lowers } from "../images/image.ts";
import { type ImageFile, recipeDigest } from "../images/recipe.ts";
import { writeFiles } from "../images/write-files.ts";
import type { LabPlan } from "../plan.ts";

/** Where a lab keeps what its hosts share. */
export function layersDir(plan: Pick<LabPlan, "dir">): string {
  return join(plan.dir, "layers");
}

/**
 * The lower directories of a host with one on top that holds copies of the given files: tailmox has 100 MB, which
 * need not be on the disk of each host and in each snapshot. Made once for all hosts that are given the same.
 */
export async function withShared(
  plan: LabPlan,
  lowers: Lowers,
  files: readonly ImageFile[],
): Promise<Lowers> {
  if (files.length === 0) return lowers;
  const dir = join(layersDir(plan), recipeDigest({ files }, fileDigest));
  // In use by hosts that are on, perhaps: what is there is what is wanted, its name says so.
  if (!existsSync(dir)) {
    const making = layers.get(dir) ?? make(dir, files, lowers);
    layers.set(dir, making);
    await making.finally(() => layers.delete(dir));
  }
  return [dir, ...lowers];
}

/** Those that are being made. */
const layers = new Map<string, Promise<void>>();

async function make(dir: string, files: readonly ImageFile[], lowers: Lowers): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const aside = await mkdtemp(`${dir}.`);
  await writeFiles(aside, files, lowers);
  // It becomes / of the hosts, whatever the umask here.
  await chmod(aside, 0o755);
  await rename(aside, dir);
}
