import { askHypervisor } from "../guests/hypervisor.ts";
import type { PveNode } from "../node/pve-node.ts";

/** What is in volumes, where a host of the lab may live: all of it is the hypervisor's, and nothing without one. */
export async function importContent(node: PveNode, image: string, volume: string): Promise<void> {
  await asLongAsAsked(node);
  await askHypervisor(node, { do: "import", image, volume });
}

export async function copyContent(
  node: PveNode,
  from: string,
  snapshot: string | undefined,
  to: string,
): Promise<void> {
  await asLongAsAsked(node);
  await askHypervisor(node, { do: "copy", from, to, ...(snapshot !== undefined && { snapshot }) });
}

export async function renameContent(node: PveNode, from: string, to: string): Promise<void> {
  await askHypervisor(node, { do: "rename", from, to });
}

export async function freeContent(node: PveNode, volume: string): Promise<void> {
  await askHypervisor(node, { do: "free", volume });
}

export async function snapshotContent(node: PveNode, volume: string, name: string): Promise<void> {
  await asLongAsAsked(node);
  await askHypervisor(node, { do: "snapshot", volume, name });
}

export async function deleteContentSnapshot(node: PveNode, volume: string, name: string): Promise<void> {
  await askHypervisor(node, { do: "delsnapshot", volume, name });
}

export async function rollbackContent(node: PveNode, volume: string, name: string): Promise<void> {
  await asLongAsAsked(node);
  await askHypervisor(node, { do: "rollback", volume, name });
}

/** A real disk is not copied within a moment: tests that interrupt one ask for time. */
async function asLongAsAsked({ settings }: PveNode): Promise<void> {
  if (settings.diskSeconds > 0) await Bun.sleep(settings.diskSeconds * 1_000);
}
