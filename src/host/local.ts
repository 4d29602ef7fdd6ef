import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { withDeadline } from "./deadline.ts";
import type { Writer } from "./host.ts";
import { run } from "./run.ts";

/** This machine. `root` lets tests use a folder instead of /. */
export function localTransport(name: string, root = "/"): Writer {
  return {
    name,
    // In the language that the parsers know: a German ping writes "21,0 ms".
    run: (argv, options) => run(argv, { ...options, env: { LC_ALL: "C", ...options?.env } }),
    text: (path) => bounded(path, readFile(join(root, path), "utf8").catch(undefinedIfMissing)),
    list: async (path) => {
      const names = await bounded(path, readdir(join(root, path)).catch(undefinedIfMissing));
      return (names ?? []).sort();
    },
    write: (path, content, mode) => replaceFile(join(root, path), content, mode),
    remove: (path) => rm(join(root, path), { force: true }),
  };
}

/** A file system in user space (/etc/pve) can hang for ever, and a reader with it. */
function bounded<T>(path: string, reading: Promise<T>): Promise<T> {
  return withDeadline(
    reading,
    10_000,
    () =>
      new UserError("E_PVE_DOWN", `${path} could not be read within 10 s`, {
        likely: "its file system hangs",
        mend: "systemctl status pve-cluster",
      }),
  );
}

function undefinedIfMissing(error: unknown): undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}

async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.tailmox-${process.pid}`;
  try {
    const file = await open(unfinished, "wx", mode);
    try {
      await file.writeFile(content);
      // The umask may have taken bits away; a power cut after the rename must not leave an empty file.
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}
