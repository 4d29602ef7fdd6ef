import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Loop devices whose backing file is `path`, or lies below it. */
export async function loopsOf(path: string): Promise<string[]> {
  const devices = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const backing = await Promise.all(
    devices.map((name) => readFile(join("/sys/block", name, "loop/backing_file"), "utf8").catch(() => "")),
  );
  return devices
    .filter((_, index) => {
      // The kernel adds " (deleted)" to the name of a file that is gone.
      const file = backing[index]?.trim().replace(/ \(deleted\)$/, "");
      return file === path || file?.startsWith(`${path}/`);
    })
    .map((name) => join("/dev", name));
}

/** Waits until no loop device uses `path`: the kernel frees them a moment after the last process. */
export async function loopsAreFree(path: string, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await Bun.sleep(5)) {
    if ((await loopsOf(path)).length === 0) return true;
  }
  return false;
}
