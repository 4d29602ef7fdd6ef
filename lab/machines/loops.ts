import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Loop devices whose backing file is `path`, or lies below it. */
export async function loopsOf(path: string): Promise<{ device: string; file: string }[]> {
  const names = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const loops = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join("/sys/block", name, "loop/backing_file"), "utf8").catch(() => "");
      // The kernel adds " (deleted)" to the name of a file that is gone.
      return { device: join("/dev", name), file: text.trim().replace(/ \(deleted\)$/, "") };
    }),
  );
  return loops.filter(({ file }) => file === path || file.startsWith(`${path}/`));
}

/** Waits until no loop device uses `path`: the kernel frees them a moment after the last process. */
export async function loopsAreFree(path: string, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await Bun.sleep(5)) {
    if ((await loopsOf(path)).length === 0) return true;
  }
  return false;
}
