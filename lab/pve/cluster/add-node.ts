import { readFile } from "node:fs/promises";
import { PveError } from "../errors.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { assertQuorate } from "../node/quorum.ts";
import type { Params } from "../params/verify.ts";
import { CLUSTER_CONF, COROSYNC_KEY, changeClusterConf } from "./config-file.ts";
import { nodesOf, type Section, sectionAt } from "./corosync-conf.ts";
import { JOIN_API_VERSION } from "./join.ts";
import { linksForNewNode, linksOf, verifyLinks } from "./links.ts";
import { ensureNodeFolders } from "./node-files.ts";
import { mergeKeys } from "./ssh.ts";

export interface Addition {
  /** The binary key, one byte per character. */
  readonly corosync_authkey: string;
  readonly corosync_conf: string;
  readonly warnings: readonly string[];
}

/** A member takes a new node into the configuration (step 6 of proxmox.md 4.3; refusals of 4.4). */
export async function addNode(node: PveNode, params: Params): Promise<Addition> {
  await assertQuorate(node);
  assertJoinerVersion(params.apiversion === undefined ? 0 : Number(params.apiversion));
  const name = String(params.node);
  const warnings = await changeClusterConf(node, async (conf) => {
    const verdict = await verifyLinks(conf);
    if (verdict.errors.length > 0) {
      throw new PveError("invalid corosync.conf", {
        errors: { errors: verdict.errors.join("\n"), warnings: verdict.warnings.join("\n") },
      });
    }
    const fallback = params.new_node_ip === undefined ? undefined : String(params.new_node_ip);
    const links = linksForNewNode(conf, name, linksOf(params), fallback);
    const identity = identityOf(conf, name, params);
    await ensureNodeFolders(node, name);
    await mergeKeys(node);
    const member: Section = { name, nodeid: identity.nodeid };
    // Votes of 0 are left out, and corosync counts 1 then (proxmox.md 4).
    if (identity.votes !== "0") member.quorum_votes = identity.votes;
    for (const [number, link] of links) member[`ring${number}_addr`] = link.address;
    sectionAt(conf, "nodelist", "node")[name] = member;
    await node.pmxcfs.log(`adding node ${name} to cluster`);
    return verdict.warnings;
  });
  return {
    corosync_authkey: (await readFile(at(node, COROSYNC_KEY))).toString("latin1"),
    corosync_conf: await readFile(at(node, CLUSTER_CONF), "utf8"),
    warnings,
  };
}

/** Number and votes of a new member; a name that is listed already needs `force` and the same of both. */
function identityOf(conf: Section, name: string, params: Params): { nodeid: string; votes: string } {
  const nodes = nodesOf(conf);
  const listed = nodes[name];
  const votes = String(params.votes ?? listed?.quorum_votes ?? 1);
  if (!listed) {
    const used = Object.values(nodes).map((each) => Number(each.nodeid));
    let free = 1;
    while (used.includes(free)) free++;
    return { nodeid: String(params.nodeid ?? free), votes };
  }
  const nodeid = String(params.nodeid ?? listed.nodeid);
  const same = nodeid === listed.nodeid && votes === (listed.quorum_votes ?? "1");
  if (!params.force || !same) throw new PveError(`can't add existing node '${name}'`);
  return { nodeid, votes };
}

function assertJoinerVersion(version: number): void {
  if (version >= 0 && version <= JOIN_API_VERSION) return;
  const side = version < 0 ? "old" : "new";
  throw new PveError(
    `error: unsupported ${side} API version on joining node (${version}), cluster node has ${JOIN_API_VERSION} and supports >= 0. Please upgrade ${version < 0 ? "the joining node" : "the cluster"} before joining`,
  );
}
