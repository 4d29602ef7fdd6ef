import { rename } from "node:fs/promises";
import { errnoText, PveError } from "../errors.ts";
import { readText, setContents } from "../node/files.ts";
import { withClusterLock, withFileLock } from "../node/locks.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { formatCorosyncConf, parseCorosyncConf, type Section, sectionAt } from "./corosync-conf.ts";

/** The cluster's configuration, the master copy (proxmox.md 7). */
export const CLUSTER_CONF = "/etc/pve/corosync.conf";
/** What corosync reads on this node. */
export const LOCAL_CONF = "/etc/corosync/corosync.conf";
export const COROSYNC_KEY = "/etc/corosync/authkey";
/** Held by create, join and every change of the configuration. */
export const PVECM_LOCK = "/var/lock/pvecm.lock";

/** The cluster's configuration; undefined when standalone. */
export async function readClusterConf(node: PveNode): Promise<Section | undefined> {
  const text = await readText(node, CLUSTER_CONF);
  return text === undefined ? undefined : parseCorosyncConf(text);
}

/** The configuration, or the words of `pvecm status` on a standalone node (proxmox.md 6.1). */
export async function mustReadClusterConf(node: PveNode): Promise<Section> {
  const conf = await readClusterConf(node);
  if (conf) return conf;
  throw new PveError(
    `Error: Corosync config '${CLUSTER_CONF}' does not exist - is this node part of a cluster?`,
    // A Perl die exits with errno, and the missing file has just been looked for.
    { exitCode: 2 },
  );
}

/** Writes the complete text beside it and renames: members never see half of it (proxmox.md 7). */
export async function writeClusterConf(node: PveNode, conf: Section): Promise<void> {
  await setContents(node, `${CLUSTER_CONF}.new`, formatCorosyncConf(conf));
  try {
    await rename(at(node, `${CLUSTER_CONF}.new`), at(node, CLUSTER_CONF));
  } catch (error) {
    throw new PveError(`renaming corosync.conf.new to corosync.conf failed - ${errnoText(error)}`);
  }
}

/** Changes the configuration under both locks, with `config_version` + 1. */
export async function changeClusterConf<T>(node: PveNode, change: (conf: Section) => Promise<T>): Promise<T> {
  return await withFileLock(node, PVECM_LOCK, () =>
    withClusterLock(node, "file-corosync_conf", async (release) => {
      const conf = await mustReadClusterConf(node);
      const result = await change(conf);
      const totem = sectionAt(conf, "totem");
      totem.config_version = String(Number(totem.config_version) + 1);
      let over = false;
      const written = writeClusterConf(node, conf).finally(() => {
        over = true;
      });
      // corosync reloads a second after the change is everywhere, and a new node that is not there yet may cost
      // the quorum at once. Without quorum the lock could not be taken away, and would bar the next join.
      const copied = new RegExp(`^\\s*config_version: ${totem.config_version}$`, "m");
      written.catch(() => undefined);
      while (!over && !copied.test((await readText(node, LOCAL_CONF)) ?? "")) await Bun.sleep(20);
      await release();
      await written;
      return result;
    }),
  );
}
