import { PveError } from "../errors.ts";
import { nodeAddress } from "../node/addresses.ts";
import { exists, makeFolder } from "../node/files.ts";
import { withFileLock } from "../node/locks.ts";
import type { PveNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";
import type { Params } from "../params/verify.ts";
import { taskCommand } from "../tasks/commands.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { CLUSTER_CONF, COROSYNC_KEY, PVECM_LOCK, writeClusterConf } from "./config-file.ts";
import type { Section } from "./corosync-conf.ts";
import { type Links, linksOf } from "./links.ts";
import { ensureNodeFiles, ensureNodeFolders } from "./node-files.ts";
import {
  ensureRootKey,
  linkAuthorizedKeys,
  mergeKeys,
  permitRootLogin,
  publishHostKey,
  shareKnownHosts,
} from "./ssh.ts";

/** The work of `clustercreate` (proxmox.md 3). */
export async function createCluster(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  await withFileLock(node, PVECM_LOCK, async () => {
    await assertStandalone(node);
    const address = await nodeAddress(node.name);
    await permitRootLogin(node, output);
    await ensureRootKey(node, output);
    await ensureNodeFolders(node, node.name);
    await linkAuthorizedKeys(node);
    if (!(await exists(node, COROSYNC_KEY))) {
      await makeFolder(node, "/etc/corosync");
      await taskCommand(output, ["corosync-keygen", "-l", "-k", COROSYNC_KEY]);
    }
    output.print(`Writing corosync config to ${CLUSTER_CONF}\n`);
    await writeClusterConf(node, newClusterConf(node, params, address));
    await mergeKeys(node);
    await ensureNodeFiles(node, address, false);
    await shareKnownHosts(node, address);
    await publishHostKey(node);
    output.print("Restart corosync and cluster filesystem\n");
    await taskCommand(output, ["systemctl", "restart", "corosync", "pve-cluster"]);
  });
}

/** Throws unless this node is in no cluster. */
export async function assertStandalone(node: PveNode): Promise<void> {
  if (await exists(node, CLUSTER_CONF)) {
    throw new PveError(`cluster config '${CLUSTER_CONF}' already exists`);
  }
}

/** corosync.conf of a cluster of one, as Proxmox writes it. */
export function newClusterConf(
  node: Pick<PveNode, "name" | "release">,
  params: Params,
  address: string,
): Section {
  const given = linksOf(params);
  const links: Links = given.size > 0 ? given : new Map([[0, { address }]]);
  const interfaces: Section = {};
  const member: Section = {
    name: node.name,
    nodeid: String(params.nodeid ?? 1),
    quorum_votes: String(params.votes ?? 1),
  };
  for (const [number, link] of links) {
    member[`ring${number}_addr`] = link.address;
    interfaces[number] = {
      linknumber: String(number),
      ...(link.priority && { knet_link_priority: String(link.priority) }),
    };
  }
  return {
    logging: { debug: "off", to_syslog: "yes" },
    nodelist: { node: { [node.name]: member } },
    quorum: { provider: "corosync_votequorum" },
    totem: {
      cluster_name: String(params.clustername),
      config_version: "1",
      interface: interfaces,
      ip_version: "ipv4-6",
      link_mode: "passive",
      secauth: "on",
      ...(atLeast(node.release.pveCluster, "9.1.0") && {
        token_coefficient: String(params["token-coefficient"] ?? 125),
      }),
      version: "2",
    },
  };
}
