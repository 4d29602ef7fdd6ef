import { createHash } from "node:crypto";
import { run } from "../../../../src/host/run.ts";
import { addNode } from "../../cluster/add-node.ts";
import { CLUSTER_CONF, readClusterConf } from "../../cluster/config-file.ts";
import { nodesOf, sectionAt } from "../../cluster/corosync-conf.ts";
import { assertStandalone } from "../../cluster/create.ts";
import { deleteNode } from "../../cluster/delete-node.ts";
import { JOIN_API_VERSION } from "../../cluster/join.ts";
import { PveError } from "../../errors.ts";
import { remoteNodeAddress } from "../../node/addresses.ts";
import { readText } from "../../node/files.ts";
import { servedFingerprint } from "../../node/served-certificate.ts";
import type { Call, Handlers } from "../call.ts";

/** /cluster/config (proxmox.md 5.4); every value of corosync.conf is a string here. */
export const clusterConfigHandlers: Handlers = {
  "GET /cluster/config": async () =>
    ["nodes", "totem", "join", "qdevice", "apiversion"].map((name) => ({ name })),
  "POST /cluster/config": async (call) => {
    await assertStandalone(call.node);
    return await call.startTask("clustercreate", String(call.params.clustername), call.params);
  },
  "GET /cluster/config/apiversion": async () => JOIN_API_VERSION,
  "GET /cluster/config/nodes": async ({ node }) => {
    const conf = await readClusterConf(node);
    return conf ? Object.entries(nodesOf(conf)).map(([name, member]) => ({ node: name, ...member })) : [];
  },
  "POST /cluster/config/nodes/{node}": async ({ node, params }) => await addNode(node, params),
  "DELETE /cluster/config/nodes/{node}": async ({ node, params }) => {
    const nodeid = await deleteNode(node, String(params.node));
    // It fails for a node that is away already, which is no fault.
    if (nodeid) await run(["corosync-cfgtool", "-k", nodeid], { timeoutMs: 30_000 });
    return null;
  },
  "GET /cluster/config/totem": async ({ node }) => {
    const conf = await readClusterConf(node);
    return conf ? sectionAt(conf, "totem") : null;
  },
  "GET /cluster/config/qdevice": async () => ({}),
  "GET /cluster/config/join": joinInformation,
  "POST /cluster/config/join": async (call) => await call.startTask("clusterjoin", "", call.params),
};

async function joinInformation({ node, params }: Call): Promise<unknown> {
  const text = await readText(node, CLUSTER_CONF);
  const conf = await readClusterConf(node);
  if (text === undefined || !conf) {
    throw new PveError("node is not in a cluster, no join info available!", { status: 424 });
  }
  const preferred = String(params.node ?? node.name);
  const members = nodesOf(conf);
  if (!members[preferred]) throw new PveError(`unknown node '${preferred}'`);
  const nodelist = await Promise.all(
    Object.entries(members).map(async ([name, member]) => ({
      ...member,
      pve_addr: await remoteNodeAddress(node, name),
      pve_fp: await servedFingerprint(node, name),
    })),
  );
  return {
    preferred_node: preferred,
    config_digest: createHash("sha1").update(text).digest("hex"),
    totem: sectionAt(conf, "totem"),
    nodelist,
  };
}
