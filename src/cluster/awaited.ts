import type { Decision } from "./decide.ts";
import type { Member, Peer } from "./facts.ts";

/** What a decision could become without anybody's doing here. */
export type Awaited =
  /** Another host creates the cluster. */
  | { readonly kind: "founder"; readonly name: string; readonly addresses: readonly string[] }
  /** Another host is joining it, if the lock of joins is held. */
  | { readonly kind: "join"; readonly cluster: string; readonly addresses: readonly string[] }
  /** No way leads into the cluster, and somebody there could let this host in. */
  | {
      readonly kind: "admission";
      readonly addresses: readonly string[];
      /** What failed on the way to these may pass: they are asked again before. */
      readonly first?: Unsettled;
    }
  | Unsettled;

/** Peers that may be in the middle of a change of their own. */
export interface Unsettled {
  readonly kind: "unsettled";
  /** Not even a tailscaled answers on one of them: one more silence is enough. */
  readonly once?: boolean;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** undefined where waiting would change nothing. */
export function awaitedBy(decision: Decision): Awaited | undefined {
  if (decision.kind === "not founder") {
    return { kind: "founder", name: decision.founder.name, addresses: [decision.founder.address] };
  }
  if (decision.kind !== "refused") return undefined;
  const { refusal } = decision;
  switch (refusal.why) {
    case "cluster not whole":
      // A member that does not count even itself is about to start its corosync.
      if (refusal.cluster.presentVotes === 0) return unsettled(refusal.cluster.members.map(asPeer));
      return {
        kind: "join",
        cluster: refusal.cluster.name,
        addresses: refusal.cluster.members.slice(0, 1).map(({ link0 }) => link0),
      };
    case "no shell":
      return {
        kind: "admission",
        addresses: [refusal.peer.address],
        ...(refusal.peer.mayOpen && { first: unsettled([refusal.peer]) }),
      };
    case "peers unknown":
      if (refusal.peers.some(isOff)) return undefined;
      return refusal.peers.some(mayChange)
        ? { ...unsettled(refusal.peers), ...(refusal.peers.some(isUnheard) && { once: true }) }
        : { kind: "admission", addresses: refusal.peers.map(({ address }) => address) };
    case "peers unreachable":
      return unsettled(refusal.peers);
    case "other founder":
      return unsettled(refusal.dissent);
    default:
      return undefined;
  }
}

/** It may tell where it stands when it is asked again. */
function mayChange({ verdict }: Peer): boolean {
  return verdict.kind === "unknown" && !verdict.lasting;
}

/** The control server and its own silence say so, and without its answer nothing goes on: it has to be started. */
function isOff({ verdict, obstacles }: Peer): boolean {
  return verdict.kind === "unknown" && verdict.lasting === true && isUnheard({ obstacles });
}

function isUnheard({ obstacles }: Pick<Peer, "obstacles">): boolean {
  return obstacles.some(({ check }) => check === "online");
}

function asPeer({ name, link0 }: Member): Named {
  return { name, address: link0 };
}

type Named = Pick<Peer, "name" | "address">;

function unsettled(peers: readonly Named[]): Unsettled {
  return {
    kind: "unsettled",
    names: peers.map(({ name }) => name),
    addresses: peers.map(({ address }) => address),
  };
}
