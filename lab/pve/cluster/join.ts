import { z } from "zod";
import { PveError } from "../errors.ts";
import { nodeAddress } from "../node/addresses.ts";
import { withFileLock } from "../node/locks.ts";
import type { PveNode } from "../node/pve-node.ts";
import type { Params } from "../params/verify.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { ApiClient, ApiFailure, type ConfirmFingerprint } from "./api-client.ts";
import { PVECM_LOCK } from "./config-file.ts";
import { finishJoin } from "./finish-join.ts";
import { formatLink, linksOf } from "./links.ts";
import { assertJoinable } from "./prechecks.ts";
import { ensureRootKey, linkAuthorizedKeys, permitRootLogin, unshareKnownHosts } from "./ssh.ts";

/** The version of the words between a joiner and a member (GET /cluster/config/apiversion). */
export const JOIN_API_VERSION = 1;

/** The work of `clusterjoin` as the API starts it: password and fingerprint are parameters. */
export async function joinCluster(node: PveNode, params: Params, output: TaskOutput): Promise<void> {
  await joinByApi(node, params, String(params.password), output, async () => false);
}

/** Joins through a member's API (proxmox.md 4.3). */
export async function joinByApi(
  node: PveNode,
  params: Params,
  password: string,
  output: TaskOutput,
  confirm: ConfirmFingerprint,
): Promise<void> {
  await withFileLock(node, PVECM_LOCK, async () => {
    const links = linksOf(params);
    await assertJoinable(node, links, Boolean(params.force), output);
    await prepareSsh(node, output);
    const host = String(params.hostname);
    output.print(`Establishing API connection with host '${host}'\n`);
    const fingerprint = params.fingerprint === undefined ? undefined : String(params.fingerprint);
    const client = new ApiClient(host, fingerprint, confirm);
    await client.login(password);
    output.print("Login succeeded.\n");
    output.print("check cluster join API version\n");
    assertJoinVersion(Number((await client.get("/cluster/config/apiversion")) ?? 0));
    const address = await nodeAddress(node.name);
    if (links.size === 0) {
      output.print(`No cluster network links passed explicitly, fallback to local node IP '${address}'\n`);
    }
    output.print("Request addition of this node\n");
    const answer = await requestAddition(client, node.name, output, {
      apiversion: String(JOIN_API_VERSION),
      new_node_ip: address,
      ...Object.fromEntries([...links].map(([number, link]) => [`link${number}`, formatLink(link)])),
      ...(params.nodeid !== undefined && { nodeid: String(params.nodeid) }),
      ...(params.votes !== undefined && { votes: String(params.votes) }),
      ...(params.force ? { force: "1" } : {}),
    });
    for (const warning of answer.warnings) output.print(`cluster: ${warning}\n`);
    output.print("Join request OK, finishing setup locally\n");
    // The key is binary and travels as one byte per character.
    const key = Buffer.from(answer.corosync_authkey, "latin1");
    await finishJoin(node, answer.corosync_conf, key, output);
  });
}

/** Step 2 of a join: ssh of root as the cluster wants it. */
export async function prepareSsh(node: PveNode, output: TaskOutput): Promise<void> {
  await permitRootLogin(node, output);
  await ensureRootKey(node, output);
  await linkAuthorizedKeys(node);
  await unshareKnownHosts(node);
}

/** Throws unless a member of this API version can be joined. */
export function assertJoinVersion(version: number): void {
  if (version < 0 || version > JOIN_API_VERSION) {
    throw new PveError(
      `error: incompatible join API version on cluster side '${version}', local '${JOIN_API_VERSION}'`,
    );
  }
}

const addition = z.object({
  corosync_authkey: z.string(),
  corosync_conf: z.string(),
  warnings: z.array(z.string()).default([]),
});

async function requestAddition(
  client: ApiClient,
  name: string,
  output: TaskOutput,
  params: Readonly<Record<string, string>>,
): Promise<z.infer<typeof addition>> {
  try {
    return addition.parse(await client.post(`/cluster/config/nodes/${name}`, params));
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status === 501) throw error;
    // No connection is no refusal: that text goes on as it is.
    if (error.reason.startsWith("Can't connect")) throw error;
    output.print(`An error occurred on the cluster node: ${(error.detail ?? error.reason).trimEnd()}\n`);
    for (const detail of (error.errors?.errors ?? "").split("\n").filter(Boolean))
      output.print(`! ${detail}\n`);
    for (const detail of (error.errors?.warnings ?? "").split("\n").filter(Boolean))
      output.print(`* ${detail}\n`);
    throw new PveError("Cluster join aborted!");
  }
}
