import { UserError } from "../errors.ts";
import { linkOf, type Mesh, nameOf } from "./mesh.ts";
import { ringOrder } from "./ring.ts";

/** Room for nine later hosts between two neighbours. */
const GAP = 10;
/** Highest nodeid with knet (corosync.md 8). */
const MAX_ID = 65_535;
const SAME_MS = 1e-6;

/** The id of the host that founds a cluster. */
export const FIRST_ID = GAP;

/** Ids for a new cluster in ring order: 10, 20, 30, ... */
export function gappedIds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 1) * GAP);
}

/** Where a host would join the ring of those that have an id. */
export interface InsertionId {
  nodeid: number;
  after: string;
  before: string;
  /** What it adds to the rotation, ms. */
  addsMs: number;
}

/**
 * The id at which a joiner lengthens the ring least. Among equal places the end of the list, because that leaves
 * the gaps to hosts that need them; a place whose gap is used up is passed over.
 * @throws UserError E_NO_NODEID when no id is left anywhere.
 */
export function insertionId(mesh: Mesh, joiner: number): InsertionId {
  const ring = ringOrder(mesh).filter((place) => place !== joiner && mesh.hosts[place]?.nodeid !== undefined);
  const id = (place: number) => mesh.hosts[place]?.nodeid ?? 0;
  const oneWay = (from: number, to: number) => (from === to ? 0 : linkOf(mesh, from, to).oneWayMs);
  const [first] = ring;
  const last = ring.at(-1);
  if (first === undefined || last === undefined) {
    return { nodeid: GAP, after: nameOf(mesh, joiner), before: nameOf(mesh, joiner), addsMs: 0 };
  }
  const between = ring.slice(1).map((before, i) => ({ after: ring[i] ?? first, before }));
  let best: InsertionId | undefined;
  for (const { after, before } of [{ after: last, before: first }, ...between]) {
    const nodeid = after === last ? beyond(id(first), id(last)) : middle(id(after), id(before));
    const addsMs = oneWay(after, joiner) + oneWay(joiner, before) - oneWay(after, before);
    if (nodeid === undefined || (best !== undefined && addsMs > best.addsMs - SAME_MS)) continue;
    best = { nodeid, after: nameOf(mesh, after), before: nameOf(mesh, before), addsMs };
  }
  if (best === undefined) {
    throw new UserError("E_NO_NODEID", "No nodeid is free next to any member of this ring.", {
      likely: "the members' ids are consecutive and reach up to 65535",
      mend: "choose an id by hand, or give one member a new id (remove and join it anew)",
    });
  }
  return best;
}

/** After the highest id, or where there is no room left, before the lowest: the same place in the ring. */
export function beyond(first: number, last: number): number | undefined {
  if (last + GAP <= MAX_ID) return (Math.floor(last / GAP) + 1) * GAP;
  if (last < MAX_ID) return last + 1;
  return middle(0, first);
}

function middle(low: number, high: number): number | undefined {
  return high - low < 2 ? undefined : Math.floor((low + high) / 2);
}
