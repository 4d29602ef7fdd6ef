import { existsSync } from "node:fs";
import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../../src/errors.ts";
import { cacheDir } from "../paths.ts";
import type { HostPlan } from "../plan.ts";
import { bootstrap } from "./bootstrap.ts";
import { fileDigest } from "./file-digest.ts";
import { withLock } from "./lock.ts";
import { pruneImages } from "./prune.ts";
import { baseRecipe, type ImageFile, type Recipe, type Release, recipeDigest } from "./recipe.ts";
import { standInLayer } from "./stand-in.ts";
import { writeFiles } from "./write-files.ts";

/** Lower directories of an overlay, the uppermost first. */
export type Lowers = readonly [string, ...string[]];

export interface ImageParts {
  /** Where images are kept; the checkout's cache otherwise. */
  readonly dir?: string;
  readonly recipe?: Recipe;
  /** What lies over the Debian root; the Proxmox stand-in otherwise. */
  readonly layer?: readonly ImageFile[];
}

/**
 * The root that plays a Proxmox release, as lower directories of an overlay: Debian below, the stand-in above.
 * Made when missing (about 40 s) or when its recipe changed (the stand-in's layer alone: under 1 s), repaired
 * when its making was interrupted. Do not write to it: hosts run on it.
 * Throws E_LAB_NO_SPACE, E_LAB_IMAGE, E_LAB_BUSY.
 */
export async function ensureImage(
  release: Release,
  progress: (line: string) => void = () => undefined,
  parts: ImageParts = {},
): Promise<Lowers> {
  const images = parts.dir ?? join(cacheDir, "images");
  const recipe = parts.recipe ?? baseRecipe(release);
  const layer = parts.layer ?? (await standInLayer(release));
  const base = join(images, `${release}-${recipeDigest(recipe)}`);
  const upper = join(images, `${release}-over-${recipeDigest({ base, layer }, fileDigest)}`);
  const lowers: Lowers = layer.length > 0 ? [upper, base] : [base];
  if (lowers.every((dir) => existsSync(dir))) return lowers;
  await withLock(
    join(images, `${release}.lock`),
    async () => {
      if (!existsSync(base)) {
        progress(`${recipe.suite} root with debootstrap: ${whyAbsent(base)} (usually 40 s)`);
        await bootstrap(recipe, base, join(cacheDir, "debs", recipe.suite), progress);
      }
      if (layer.length > 0 && !existsSync(upper)) await makeLayer(upper, layer, base);
      await pruneImages(images, release, lowers, progress);
    },
    progress,
  );
  return lowers;
}

/**
 * The lower directories for a host: the root that its scenario names, else the image of its release.
 * Throws E_LAB_IMAGE when the root is none, and what `ensureImage` throws.
 */
export async function imageForHost(
  host: Pick<HostPlan, "release" | "rootfs">,
  progress?: (line: string) => void,
): Promise<Lowers> {
  if (host.rootfs === undefined) return ensureImage(host.release, progress);
  const rootfs = resolve(host.rootfs);
  if (existsSync(join(rootfs, "etc/os-release")) && existsSync(join(rootfs, "usr/bin/systemctl")))
    return [rootfs];
  throw new UserError("E_LAB_IMAGE", `${rootfs} holds no root file system with systemd`, {
    likely: "the path is wrong, or the root was never finished",
    mend: "npm run lab -- image --proxmox DIR prepares one with Proxmox's packages",
  });
}

function whyAbsent(base: string): string {
  return existsSync(`${base}.partial`)
    ? "the last attempt was interrupted"
    : "not there yet, or its recipe changed";
}

async function makeLayer(dir: string, files: readonly ImageFile[], base: string): Promise<void> {
  const partial = `${dir}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  // It becomes / of the hosts, whatever the umask here.
  await chmod(partial, 0o755);
  await writeFiles(partial, files, [base]);
  await rename(partial, dir);
}
