import type { Mesh } from "./mesh.ts";
import { nameOf } from "./mesh.ts";
import { gappedIds } from "./node-ids.ts";
import { bestRing, ringOrder, rotationMs } from "./ring.ts";

/** A host that would have to leave and join anew, and the id with which. */
export interface NewId {
  name: string;
  nodeid: number;
}

/**
 * The fewest hosts that need another id for the shortest ring; the others keep theirs. An id cannot change on a
 * member: it has to be removed and joined anew (corosync.md 8). Empty where the ring is as short as can be. Where
 * no ids are free between those that stay, all get new ones.
 */
export function newIdsForBestRing(mesh: Mesh): NewId[] {
  const best = bestRing(mesh);
  if (rotationMs(mesh, ringOrder(mesh)) - best.rotationMs < 0.01) return [];
  const backwards = [...best.order].reverse();
  const bothWays = rotationMs(mesh, backwards) - best.rotationMs < 0.01;
  const rings = bothWays ? [best.order, backwards] : [best.order];
  const plans = rings.flatMap((ring) =>
    ring.map((_, i) => planFor(mesh, [...ring.slice(i), ...ring.slice(0, i)])),
  );
  const possible = plans.filter((plan) => plan !== undefined);
  if (possible.length > 0) return possible.reduce((few, plan) => (plan.length < few.length ? plan : few));
  const ids = gappedIds(best.order.length);
  return best.order.map((place, i) => ({ name: nameOf(mesh, place), nodeid: ids[i] ?? 0 }));
}

/** Ids for this order, which keeps as many as it can; undefined where too few are free in between. */
function planFor(mesh: Mesh, order: readonly number[]): NewId[] | undefined {
  const id = (place: number | undefined) => (place === undefined ? undefined : mesh.hosts[place]?.nodeid);
  const stay = new Set(longestAscent(order, (place) => id(place) ?? 0));
  const plan: NewId[] = [];
  let low = 0;
  for (let i = 0; i < order.length; ) {
    const movers: number[] = [];
    for (; i < order.length && !stay.has(order[i] ?? -1); i++) movers.push(order[i] ?? -1);
    const next = id(order[i++]);
    const step = next === undefined ? 10 : Math.floor((next - low) / (movers.length + 1));
    if (movers.length > 0 && step < 1) return undefined;
    for (const [k, place] of movers.entries())
      plan.push({ name: nameOf(mesh, place), nodeid: low + step * (k + 1) });
    low = next ?? low;
  }
  return plan.some(({ nodeid }) => nodeid > 65_535) ? undefined : plan;
}

/** The longest part of the list, in its order, whose values ascend. */
function longestAscent(list: readonly number[], value: (item: number) => number): number[] {
  const best: number[][] = [];
  for (const [i, item] of list.entries()) {
    const before = best.slice(0, i).filter((ascent) => value(ascent.at(-1) ?? 0) < value(item));
    best.push([...before.reduce((long, ascent) => (ascent.length > long.length ? ascent : long), []), item]);
  }
  return best.reduce((long, ascent) => (ascent.length > long.length ? ascent : long), []);
}
