import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { withTag } from "../tailnet/status.ts";
import type { TestVm } from "./vms.ts";

/** A host of the tailnet that bears the trial's tag. */
export interface Tagged {
  readonly id: string;
  readonly name: string;
}

/**
 * Throws E_TESTBED_STRANGER when a host that bears the tag is not one of the testbed's, by the ids in their marks: a
 * trial would make a cluster with it, or be made a member of its.
 */
export function assertNoStrangers(tagged: readonly Tagged[], vms: readonly TestVm[], tag: string): void {
  const own = new Set(vms.flatMap(({ mark }) => mark.devices.map(({ id }) => id)));
  const strangers = tagged.filter(({ id }) => !own.has(id)).map(({ name }) => name);
  if (strangers.length === 0) return;
  throw new UserError(
    "E_TESTBED_STRANGER",
    `${strangers.join(", ")} ${strangers.length === 1 ? "has" : "have"} ${tag}, and no VM of this testbed is known to have been it`,
    {
      likely: "another testbed uses the same tag, or hosts of your own do; they were left as they are",
      mend: "another tag: --tag tag:NAME (it has to stand in tagOwners of the policy)",
    },
  );
}

/** The hosts with the tag as the control server lists them. */
export async function taggedByApi(plane: ControlPlane, tag: string): Promise<Tagged[]> {
  return (await plane.devices()).filter(({ tags, external }) => tags.includes(tag) && !external);
}

/** The hosts with the tag that one host sees, itself left out; none where it is in no tailnet. */
export async function taggedPeers(reader: Reader, tag: string): Promise<Tagged[]> {
  const facts = await readTailnet(reader);
  return facts.kind === "answers" ? withTag(facts.status.peers, tag) : [];
}
