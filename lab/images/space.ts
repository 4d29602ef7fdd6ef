import { mkdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../src/errors.ts";

/** Throws E_LAB_NO_SPACE unless the file system that will hold `path` has `mib` MiB free for `what`. */
export async function requireSpace(path: string, mib: number, what: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const free = await freeMib(dirname(path));
  if (free >= mib) return;
  throw new UserError("E_LAB_NO_SPACE", `${what} needs ${mib} MiB, ${dirname(path)} has ${free} MiB free`, {
    likely: "the disk that holds .cache/ is nearly full",
    mend: "make room, or take labs away: npm run lab -- down --all",
  });
}

/** MiB that may still be written below `path`. */
export async function freeMib(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return Math.floor((bavail * bsize) / 2 ** 20);
}
