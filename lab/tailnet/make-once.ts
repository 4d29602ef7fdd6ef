import { rename, stat } from "node:fs/promises";
import { withScratch } from "./scratch.ts";

/**
 * Makes a directory of the cache once: `make` fills a scratch directory, which takes the name `directory`
 * only when it is complete. Two labs that do so at once both end with the one that was first.
 */
export async function makeOnce(directory: string, make: (scratch: string) => Promise<void>): Promise<void> {
  if (await exists(directory)) return;
  await withScratch(directory, async (scratch) => {
    await make(scratch);
    await rename(scratch, directory).catch(async (error: unknown) => {
      if (!(await exists(directory))) throw error;
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
