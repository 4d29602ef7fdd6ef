import { dlopen } from "bun:ffi";
import { mkdir, open, rmdir, utimes } from "node:fs/promises";
import { errnoCode, errnoText, PveError } from "../errors.ts";
import { makeFolder } from "./files.ts";
import { at, type PveNode } from "./pve-node.ts";
import { isQuorate } from "./quorum.ts";

const TIMEOUT_MS = 10_000;

/** Runs `code` under a file lock of this host; after 10 s `can't lock file 'PATH' - got timeout`. */
export async function withFileLock<T>(node: PveNode, path: `/${string}`, code: () => Promise<T>): Promise<T> {
  const file = await open(at(node, path), "a");
  try {
    const deadline = Date.now() + TIMEOUT_MS;
    while (!tryLock(file.fd)) {
      if (Date.now() > deadline) throw new PveError(`can't lock file '${path}' - got timeout`);
      await Bun.sleep(100);
    }
    return await code();
  } finally {
    // Closing the file gives the lock back.
    await file.close();
  }
}

/**
 * Runs `code` under a lock of the whole cluster, a folder in /etc/pve/priv/lock: making a folder is one
 * totally ordered message, so one member alone succeeds (proxmox.md 7). `release` gives it back early.
 */
export async function withClusterLock<T>(
  node: PveNode,
  id: string,
  code: (release: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const folder: `/${string}` = `/etc/pve/priv/lock/${id}`;
  const fail = (why: string) => new PveError(`cfs-lock '${id}' error: ${why}`);
  if (!(await isQuorate(node))) throw fail("no quorum!");
  await makeFolder(node, "/etc/pve/priv/lock");
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await tryFolder(node, folder, fail))) {
    if (Date.now() > deadline) throw fail("got lock request timeout");
    await Bun.sleep(1_000);
  }
  let held = true;
  const release = async () => {
    if (held) await rmdir(at(node, folder)).catch(() => undefined);
    held = false;
  };
  try {
    return await code(release);
  } finally {
    await release();
  }
}

async function tryFolder(
  node: PveNode,
  folder: `/${string}`,
  fail: (why: string) => PveError,
): Promise<boolean> {
  try {
    await mkdir(at(node, folder));
    return true;
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw fail(errnoText(error));
    // Times of zero ask pmxcfs to drop the lock if its owner has not renewed it for 120 s.
    await utimes(at(node, folder), 0, 0).catch(() => undefined);
    return false;
  }
}

const LOCK_EX_NB = 2 | 4;

function tryLock(fd: number): boolean {
  const libc = dlopen("libc.so.6", { flock: { args: ["i32", "i32"], returns: "i32" } });
  return libc.symbols.flock(fd, LOCK_EX_NB) === 0;
}
