import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { Pmxcfs } from "./pmxcfs.ts";
import { type Release, readRelease } from "./release.ts";
import { readSettings, type Settings } from "./settings.ts";

/** The host that the programs run on, as every part of the stand-in sees it. */
export interface PveNode {
  /** `uname -n` up to the first dot (proxmox.md 1). */
  readonly name: string;
  /** Stands before every path: empty on a host, a folder in unit tests. */
  readonly root: string;
  readonly release: Release;
  readonly settings: Settings;
  readonly pmxcfs: Pmxcfs;
}

/** Gathers what the programs need to know of their host. */
export async function openNode(root = process.env.LAB_PVE_ROOT ?? ""): Promise<PveNode> {
  const name = root === "" ? hostname() : (await readFile(`${root}/etc/hostname`, "utf8")).trim();
  const settings = await readSettings(root);
  return {
    name: name.replace(/\..*$/, ""),
    root,
    release: await readRelease(root),
    settings,
    pmxcfs: new Pmxcfs(root),
  };
}

/** A path of the host as this process has to open it. */
export function at(node: Pick<PveNode, "root">, path: `/${string}`): string {
  return `${node.root}${path}`;
}
