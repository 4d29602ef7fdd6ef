import { z } from "zod";
import type { KeyValues } from "../node/pmxcfs.ts";
import type { PveNode } from "../node/pve-node.ts";
import { vmStatuses } from "./status.ts";

/** The key under which a node broadcasts which of its VMs run, every ten seconds. */
export const STATES_KEY = "lab-vm-states";

const states = z.record(z.string(), z.enum(["running", "stopped"]));
export type VmStates = z.infer<typeof states>;

/** The states of this node's own VMs, by number. */
export async function ownStates(node: PveNode): Promise<VmStates> {
  return Object.fromEntries((await vmStatuses(node)).map(({ vmid, status }) => [`${vmid}`, status]));
}

/** What another node told last; nothing when it told nothing yet. */
export function toldStates(values: KeyValues | undefined, name: string): VmStates {
  const text = values?.[name]?.[STATES_KEY];
  return text === undefined ? {} : states.parse(JSON.parse(text));
}
