import { lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { errnoCode, errnoText, PveError } from "../errors.ts";
import { at, type PveNode } from "./pve-node.ts";

/**
 * Writes a file as Proxmox's file_set_contents does: PATH.tmp.PID, then rename.
 * Throws `unable to open file 'PATH.tmp.PID' - Permission denied` (proxmox.md 2).
 */
export async function setContents(
  node: PveNode,
  path: `/${string}`,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const temporary: `/${string}` = `${path}.tmp.${process.pid}`;
  try {
    const file = await open(at(node, temporary), "w", mode);
    try {
      await file.writeFile(content);
      // chmod fails on /etc/pve, which knows the modes itself; elsewhere it beats the umask.
      if (!path.startsWith("/etc/pve/")) await file.chmod(mode);
    } finally {
      await file.close();
    }
    await rename(at(node, temporary), at(node, path));
  } catch (error) {
    await rm(at(node, temporary), { force: true }).catch(() => undefined);
    throw new PveError(`unable to open file '${temporary}' - ${errnoText(error)}`);
  }
}

/** A file's text; undefined when it does not exist. */
export async function readText(node: PveNode, path: `/${string}`): Promise<string | undefined> {
  try {
    return await readFile(at(node, path), "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR") return undefined;
    throw new PveError(`unable to read file '${path}' - ${errnoText(error)}`);
  }
}

/** true when the path exists, a dead link included. */
export async function exists(node: PveNode, path: `/${string}`): Promise<boolean> {
  return (await lstat(at(node, path)).catch(() => undefined)) !== undefined;
}

/** Makes a folder unless it is there. */
export async function makeFolder(node: PveNode, path: `/${string}`): Promise<void> {
  try {
    await mkdir(at(node, path), { recursive: true });
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw new PveError(`mkdir '${path}' failed - ${errnoText(error)}`);
  }
}
