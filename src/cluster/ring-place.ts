import type { Member } from "./facts.ts";
import type { LatencyMatrix, Link } from "./latency-matrix.ts";
import { fullMesh } from "./mesh.ts";
import { beyond, insertionId } from "./node-ids.ts";
import { ringOrder, rotationMs } from "./ring.ts";

/** Where a joiner goes in the ring. */
export interface RingPlace {
  readonly nodeid: number;
  /** Why there, in words. */
  readonly why: string;
}

/** The round trip between two hosts in ms; undefined where nobody measured it. */
export type RttBetween = (a: string, b: string) => number | undefined;

/**
 * The node id at which the joiner makes the ring least longer; at its end where the round trips are not all known.
 * Never below the lowest id, whose host keeps the join lock: two hosts must not take two different ones for it.
 */
export function ringPlace(members: readonly Member[], joiner: string, rttMs: RttBetween): RingPlace {
  const end = idAtTheEnd(members);
  if (members.length < 3) return { nodeid: end, why: "up to three hosts are the same ring in any order" };
  const [from, to] = firstHole([...members.map(({ name }) => name), joiner], rttMs) ?? [];
  if (from !== undefined) {
    return { nodeid: end, why: `the end of the ring, since the way between ${from} and ${to} is not known` };
  }
  const placed = members.map(({ name, id }) => ({ name, nodeid: id }));
  const matrix = matrixOf([...placed, { name: joiner }], rttMs);
  const { nodeid, after, before } = insertionId(fullMesh(matrix), members.length);
  const mesh = fullMesh({ ...matrix, hosts: [...placed, { name: joiner, nodeid }] });
  const round = `${Math.round(rotationMs(mesh, ringOrder(mesh)))} ms round`;
  const id = (name: string) => members.find((member) => member.name === name)?.id;
  const where = `between ${after} (${id(after)}) and ${before} (${id(before)})`;
  return { nodeid, why: `${where} the ring is shortest, ${round}` };
}

/** The first free id after all members, with room before it for later ones. */
export function idAtTheEnd(members: readonly Member[]): number {
  const ids = members.map(({ id }) => id);
  return beyond(Math.min(...ids), Math.max(...ids)) ?? Math.max(...ids) + 1;
}

function firstHole(names: readonly string[], rttMs: RttBetween): readonly [string, string] | undefined {
  for (const [place, a] of names.entries()) {
    for (const b of names.slice(place + 1)) if (rttMs(a, b) === undefined) return [a, b];
  }
  return undefined;
}

function matrixOf(hosts: LatencyMatrix["hosts"], rttMs: RttBetween): LatencyMatrix {
  const link = (a: string, b: string): Link | undefined => {
    const rtt = a === b ? undefined : rttMs(a, b);
    return rtt === undefined ? undefined : { rttMs: rtt, oneWayMs: rtt / 2, jitterMs: 0 };
  };
  return { hosts, links: hosts.map((a) => hosts.map((b) => link(a.name, b.name))) };
}
