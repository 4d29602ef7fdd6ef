import { existsSync } from "node:fs";
import { PveError, textOf } from "../errors.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import {
  HYPERVISOR_SOCKET,
  type HypervisorAnswer,
  type HypervisorRequest,
  hypervisorAnswer,
} from "./hypervisor-protocol.ts";

/** true on a host that has bays: its VMs may be other hosts of the lab. */
export function hasHypervisor(node: PveNode): boolean {
  return existsSync(at(node, HYPERVISOR_SOCKET));
}

/**
 * Asks the lab's hypervisor one thing; undefined on a host without bays. Throws what the hypervisor complains of.
 * Copying a disk takes up to some seconds.
 */
export async function askHypervisor(
  node: PveNode,
  request: HypervisorRequest,
): Promise<HypervisorAnswer | undefined> {
  if (!hasHypervisor(node)) return undefined;
  const answer = await fetch("http://hypervisor/", {
    unix: at(node, HYPERVISOR_SOCKET),
    method: "POST",
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(300_000),
  })
    .then(async (response) => hypervisorAnswer.parse(await response.json()))
    .catch((error: unknown) => {
      throw new PveError(`the lab's hypervisor does not answer: ${textOf(error)}`);
    });
  if (!answer.ok) throw new PveError(answer.error ?? "the lab's hypervisor refused");
  return answer;
}
