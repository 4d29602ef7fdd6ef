import { compareAddresses } from "../cluster/address.ts";
import { clustersOf } from "../cluster/clusters.ts";
import type { Peer } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { decider, withPlace } from "./decider.ts";
import { describe } from "./join-refusal.ts";
import { lookAgain, type Outlook } from "./look-again.ts";
import { refusalError } from "./refusal.ts";

/** Between the plan and this moment another host may have created. */
export async function assertNobodyElse(outlook: Outlook, known: readonly KnownPeer[]): Promise<void> {
  const now = await lookAgain(outlook, known);
  const [other] = clustersOf(now.map(({ peer }) => peer));
  if (!other) return;
  throw new UserError("E_CLUSTER_CHANGED", `${describe(other)} has come into being`, {
    likely: "tailmox up runs on another host at the same moment",
    mend: "tailmox up again looks anew",
  });
}

/**
 * After a create: another host may have founded a cluster at the same moment, which neither saw in time. Gives what to
 * go on with where this one gives way to it. A host that would be elected over this one gets a moment to show its own.
 */
export async function elsewhere(
  before: Outlook,
  met: readonly KnownPeer[],
): Promise<{ outlook: Outlook; known: readonly KnownPeer[] } | undefined> {
  const outlook = await withPlace(before);
  const rule = await decider(outlook);
  const phase = before.company.talk.phase(
    "Others",
    "looking whether another host has created a cluster, too",
  );
  let known = met;
  const decision = await poll(FOUNDING_MS, 3_000, async () => {
    known = await lookAgain(outlook, known);
    const decision = rule(known);
    const rivals = known.filter(({ peer }) => mayFound(peer, outlook.tailnet.address));
    return decision.kind !== "already member" || rivals.length === 0 ? decision : undefined;
  });
  if (decision?.kind === "refused") {
    // The own cluster stands; what speaks against giving it up is told, and the next run looks again.
    phase.warn(`another one is there: ${refusalError(decision, before.options).message}`);
    return undefined;
  }
  if (decision?.kind !== "join" && decision?.kind !== "own entry") {
    phase.ok("nobody else has created one");
    return undefined;
  }
  phase.warn(`${describe(decision.cluster)} was created at the same moment`);
  return { outlook, known };
}

/** From the last look of a founder to its cluster's first answer. */
const FOUNDING_MS = 15_000;

function mayFound({ address, verdict }: Peer, own: string): boolean {
  if (verdict.kind === "member") return false;
  return compareAddresses(address, own) < 0 && !(verdict.kind === "unknown" && verdict.lasting);
}
