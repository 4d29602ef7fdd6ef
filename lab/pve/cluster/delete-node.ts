import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { assertQuorate } from "../node/quorum.ts";
import { changeClusterConf } from "./config-file.ts";
import { nodesOf, sectionAt } from "./corosync-conf.ts";

/**
 * Takes a node out of the configuration (proxmox.md 6.4). Gives its number, which the caller has to tell
 * corosync to kill.
 */
export async function deleteNode(node: PveNode, name: string): Promise<string | undefined> {
  await assertQuorate(node);
  return await changeClusterConf(node, async (conf) => {
    const listed = nodesOf(conf)[name];
    if (!listed) throw new PveError(`Node/IP: ${name} is not a known host of the cluster.`);
    if (name === node.name) throw new PveError("Cannot delete myself from cluster!");
    await node.pmxcfs.log(`deleting node ${name} from cluster`);
    delete sectionAt(conf, "nodelist", "node")[name];
    return typeof listed.nodeid === "string" ? listed.nodeid : undefined;
  });
}
