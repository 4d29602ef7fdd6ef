import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { deleteHeadscaleNode, headscaleNodes } from "./headscale.ts";
import { changeHostedNode, hostedNodes } from "./hosted.ts";
import { tailnetKind } from "./login-server.ts";

/** A device of the tailnet, as its control server knows it. */
export interface TailnetNode {
  readonly id: string;
  /** The first label of its name in the tailnet: "pve1", or "pve1-1" when another was there before. */
  readonly label: string;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  /** It polls for maps: the control server's view. */
  readonly online: boolean;
}

/** All devices of the lab's tailnet. */
export async function tailnetNodes(plan: LabPlan): Promise<readonly TailnetNode[]> {
  if (tailnetKind(plan) === "headscale") return headscaleNodes(plan);
  const nodes = await hostedNodes(plan);
  return nodes.map(({ id, name, addresses, tags, online }) => ({
    id,
    label: name.split(".")[0] ?? name,
    addresses,
    tags: tags ?? [],
    online,
  }));
}

/**
 * Deletes a device, as an administrator does in the console: it must log in again, and gets a new address.
 * With headscale 0.29 also the one way back for a tagged host that logged out. Throws E_LAB_TAILNET.
 */
export async function deleteNode(plan: LabPlan, label: string): Promise<void> {
  const nodes = await tailnetNodes(plan);
  const node = nodes.find((each) => each.label === label);
  if (node === undefined) {
    throw new UserError("E_LAB_TAILNET", `the tailnet of the lab "${plan.name}" has no device ${label}`, {
      likely: `it has: ${nodes.map((each) => each.label).join(", ") || "none"}`,
      mend: "name one of these",
    });
  }
  await (tailnetKind(plan) === "headscale"
    ? deleteHeadscaleNode(plan, node.id)
    : changeHostedNode(plan, node.id, "delete"));
}
