import { readdir } from "node:fs/promises";
import { isIP } from "node:net";
import { run } from "../../../src/host/run.ts";
import { PveError, textOf } from "../errors.ts";
import { localAddresses, nodeAddress, resolve } from "../node/addresses.ts";
import { exists } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import type { TaskOutput } from "../tasks/task.ts";
import { CLUSTER_CONF, COROSYNC_KEY } from "./config-file.ts";
import type { Links } from "./links.ts";

/**
 * May this node join? All reasons against it are printed, then `Check if node may join a cluster failed!` is
 * thrown; `force` turns that into a warning (proxmox.md 4.2).
 */
export async function assertJoinable(
  node: PveNode,
  links: Links,
  force: boolean,
  output: TaskOutput,
): Promise<void> {
  const errors = await joinObstacles(node, links);
  if (errors.length === 0) return;
  output.print(`detected the following error(s):\n${errors.map((error) => `* ${error}\n`).join("")}`);
  if (!force) throw new PveError("Check if node may join a cluster failed!");
  output.print("\nWARNING : detected error but forced to continue!\n\n");
}

async function joinObstacles(node: PveNode, links: Links): Promise<string[]> {
  const errors: string[] = [];
  if (await exists(node, COROSYNC_KEY)) errors.push(`authentication key '${COROSYNC_KEY}' already exists`);
  if (await exists(node, CLUSTER_CONF)) errors.push(`cluster config '${CLUSTER_CONF}' already exists`);
  if (await hasGuests(node)) errors.push("this host already contains virtual guests");
  if ((await run(["corosync-quorumtool", "-l"], { timeoutMs: 15_000 })).exitCode === 0) {
    errors.push("corosync is already running, is this node already in a cluster?!");
  }
  const own = (await localAddresses()).map((each) => each.address);
  const check = (what: string, address: string) => {
    if (!own.includes(address)) errors.push(`${what}: cannot use IP '${address}', not found on local node!`);
  };
  try {
    check("local node address", await nodeAddress(node.name));
  } catch (error) {
    errors.push(`local node address: cannot use '${node.name}': ${textOf(error)}`);
  }
  for (const [number, link] of links) {
    const address = isIP(link.address) ? link.address : (await resolve(link.address))?.[0];
    if (address) check(`link${number}`, address);
    else {
      const why = `hostname lookup '${link.address}' failed - failed to get address info for: ${link.address}: Name or service not known`;
      errors.push(`link${number}: cannot use '${link.address}': ${why}`);
    }
  }
  return errors;
}

/** Guests, templates and containers of every node that /etc/pve knows. */
async function hasGuests(node: PveNode): Promise<boolean> {
  const nodes = await readdir(at(node, "/etc/pve/nodes")).catch(() => []);
  const folders = nodes.flatMap((name) => [`${name}/qemu-server`, `${name}/lxc`]);
  const files = await Promise.all(
    folders.map((folder) => readdir(at(node, `/etc/pve/nodes/${folder}`)).catch(() => [])),
  );
  return files.flat().some((file) => /^\d+\.conf$/.test(file));
}
