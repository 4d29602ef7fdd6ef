import type { Refusal } from "./decide.ts";
import type { Cluster, OwnHost } from "./facts.ts";
import { sameName } from "./names.ts";
import { inTailnetRange } from "./underlay.ts";

/** A member whose link 0 is not its tailnet address: enrolled anew, or of a cluster that is not on the tailnet. */
export function linkElsewhere(own: Pick<OwnHost, "node" | "address">, cluster: Cluster): Refusal | undefined {
  const listed = cluster.members.find((member) => sameName(member.name, own.node))?.link0;
  if (listed === undefined || listed === own.address) return undefined;
  return inTailnetRange(listed) === inTailnetRange(own.address)
    ? { why: "address changed", cluster, listed, now: own.address }
    : { why: "own lan cluster", cluster, listed };
}
