import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Gives `work` an empty directory beside `target`, on the same file system, and takes it away afterwards;
 * also those that interrupted runs left, once they are an hour old.
 */
export async function withScratch<T>(target: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const prefix = join(dirname(target), `.${basename(target)}-`);
  await mkdir(dirname(target), { recursive: true });
  await removeAbandoned(prefix);
  const scratch = await mkdtemp(prefix);
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function removeAbandoned(prefix: string): Promise<void> {
  for (const name of await readdir(dirname(prefix))) {
    const path = join(dirname(prefix), name);
    if (!path.startsWith(prefix)) continue;
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - changed > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}
