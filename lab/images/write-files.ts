import { chmod, copyFile, lstat, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { ImageFile } from "./recipe.ts";

/**
 * Writes files and links below `root`. Directories that are missing take the mode that they have in one of
 * `lowers` (an overlay shows the attributes of the uppermost directory), else 0755.
 */
export async function writeFiles(
  root: string,
  files: readonly ImageFile[],
  lowers: readonly string[] = [],
): Promise<void> {
  for (const file of files) {
    const path = mergedPath(file.path);
    await makeParents(root, dirname(path), lowers);
    const target = join(root, path);
    await rm(target, { force: true });
    if (file.link !== undefined) {
      await symlink(file.link, target);
      continue;
    }
    if (file.from !== undefined) await copyFile(file.from, target);
    else if (file.append !== undefined) await writeFile(target, (await textIn(lowers, path)) + file.append);
    else await writeFile(target, file.content ?? "");
    await chmod(target, file.mode ?? 0o644);
  }
}

/** Debian's /bin, /sbin and /lib are links into /usr: a directory of that name in an upper layer would hide them. */
export function mergedPath(path: string): string {
  return path.replace(/^\/?(bin|sbin|lib|lib64)\//, "/usr/$1/");
}

async function makeParents(root: string, dir: string, lowers: readonly string[]): Promise<void> {
  const parts = dir.split(sep).filter(Boolean);
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = join(...parts.slice(0, depth));
    const made = await mkdir(join(root, path)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    if (made) await chmod(join(root, path), await modeIn(lowers, path));
  }
}

async function textIn(lowers: readonly string[], path: string): Promise<string> {
  for (const lower of lowers) {
    const text = await readFile(join(lower, path), "utf8").catch(() => undefined);
    if (text !== undefined) return text;
  }
  return "";
}

async function modeIn(lowers: readonly string[], path: string): Promise<number> {
  for (const lower of lowers) {
    const found = await lstat(join(lower, path)).catch(() => undefined);
    if (found?.isDirectory()) return found.mode & 0o7777;
  }
  return 0o755;
}
