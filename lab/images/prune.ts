import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "../paths.ts";

/**
 * Removes images of a release that are neither in `keep` nor in use: by a lab's host, on or off, or by an
 * overlay that is mounted in whatever mount namespace. The caller holds the release's lock.
 */
export async function pruneImages(
  images: string,
  release: string,
  keep: readonly string[],
  progress: (line: string) => void,
): Promise<void> {
  const pattern = new RegExp(`^${release}-(over-)?[0-9a-f]{12}(\\.partial)?$`);
  const old = (await readdir(images)).filter((name) => pattern.test(name)).map((name) => join(images, name));
  const candidates = old.filter((dir) => !keep.includes(dir));
  if (candidates.length === 0) return;
  const inUse = `${await imagesOfLabs()}\n${await overlaysMounted()}`;
  for (const dir of candidates) {
    if (inUse.includes(dir)) continue;
    await rm(dir, { recursive: true, force: true });
    progress(`removed an image whose recipe is no longer in use: ${dir}`);
  }
}

/** What the hosts of all labs were made from (`image.json`, written by prepareHost). */
async function imagesOfLabs(): Promise<string> {
  const labs = join(cacheDir, "labs");
  const files = await Array.fromAsync(new Bun.Glob("*/hosts/*/image.json").scan({ cwd: labs })).catch(
    () => [],
  );
  return (await Promise.all(files.map((file) => readFile(join(labs, file), "utf8").catch(() => "")))).join(
    "\n",
  );
}

/** The overlay mounts of every process: machines have mount namespaces of their own. */
async function overlaysMounted(): Promise<string> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const tables = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "")),
  );
  return [...new Set(tables.flatMap((table) => table.split("\n")))]
    .filter((line) => line.includes(" - overlay "))
    .join("\n");
}
