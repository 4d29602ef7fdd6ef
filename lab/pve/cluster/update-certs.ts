import { PveError, textOf } from "../errors.ts";
import { remoteNodeAddress } from "../node/addresses.ts";
import type { PveNode } from "../node/pve-node.ts";
import { isQuorate } from "../node/quorum.ts";
import { atLeast } from "../node/release.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { ensureNodeFiles, ensureNodeFolders } from "./node-files.ts";
import { ensureRootKey, linkAuthorizedKeys, mergeKeys, publishHostKey, shareKnownHosts } from "./ssh.ts";

/** `(re)generate node files`, certificates, ssh keys (proxmox.md 6.5); the last steps of create and join too. */
export async function updateNodeFiles(node: PveNode, output: TaskOutput, force: boolean): Promise<void> {
  await ensureNodeFolders(node, node.name);
  await linkAuthorizedKeys(node);
  const address = await remoteNodeAddress(node, node.name);
  output.print("(re)generate node files\n");
  if (force) output.print("generate new node certificate\n");
  await ensureNodeFiles(node, address, force);
  const pins = atLeast(node.release.pveCluster, "8.0.6");
  output.print(pins ? "merge authorized SSH keys\n" : "merge authorized SSH keys and known hosts\n");
  await mergeKeys(node);
  if (pins) await publishHostKey(node);
  else await shareKnownHosts(node, address);
}

/**
 * `pvecm updatecerts`: waits for quorum, 80 s since pve-cluster 8.1.1 (before: 30 s), then updates.
 * Throws the words of proxmox.md 6.5; the caller turns them into a warning for --silent.
 */
export async function updateCerts(
  node: PveNode,
  output: TaskOutput,
  options: { force: boolean; unmergeKnownHosts: boolean },
): Promise<void> {
  await ensureRootKey(node, { ...output, print: () => undefined });
  const seconds = atLeast(node.release.pveCluster, "8.1.1") ? 80 : 30;
  for (let waited = 0; !(await isQuorate(node)); waited++) {
    if (waited >= seconds) throw new PveError(TIMEOUT);
    if (waited % 5 === 0) output.print("waiting for pmxcfs mount to appear and get quorate...\n");
    await Bun.sleep(1_000);
  }
  try {
    await updateNodeFiles(node, output, options.force);
  } catch (error) {
    throw new PveError(`could not update certificates and base files - ${textOf(error)}`);
  }
  if (options.unmergeKnownHosts) output.print("unmerge SSH known hosts\n");
}

const TIMEOUT =
  "got timeout when trying to ensure cluster certificates and base file hierarchy is set up - no quorum (yet) or hung pmxcfs?";
