import type { Mesh } from "../../src/cluster/mesh.ts";
import { seededRandom } from "../../src/cluster/random.ts";
import { bestRing } from "../../src/cluster/ring.ts";
import type { Topology } from "./topologies.ts";

/** The topology as the forecast is told it. */
export function meshOf({ hosts, oneWayMs }: Topology): Mesh {
  const names = Array.from({ length: hosts }, (_, place) => ({ name: `h${place + 1}` }));
  return {
    hosts: names,
    links: names.map((_, from) =>
      names.map((_, to) =>
        from === to
          ? undefined
          : {
              rttMs: oneWayMs(from, to) + oneWayMs(to, from),
              oneWayMs: oneWayMs(from, to),
              jitterMs: 0,
              loss: 0,
            },
      ),
    ),
  };
}

/**
 * The orders to measure: those of the topology, the one that tailmox chooses, that one backwards, and others drawn at
 * random (seeded) up to `most`; of three hosts there are only two.
 */
export function ordersOf(topology: Topology, most: number): { word: string; order: readonly number[] }[] {
  const chosen = bestRing(meshOf(topology)).order;
  const random = seededRandom(topology.hosts);
  const found = [
    { word: "chosen", order: chosen },
    ...Object.entries(topology.orders).map(([word, order]) => ({ word, order })),
    { word: "chosen, backwards", order: chosen.toReversed() },
  ];
  for (let draw = 0; draw < 50; draw++) {
    found.push({ word: "at random", order: shuffled(chosen, random) });
  }
  const rings = new Set<string>();
  const distinct = found.filter(({ order }) => {
    const ring = fromFirst(order).join(" ");
    return !rings.has(ring) && rings.add(ring);
  });
  return distinct.slice(0, most);
}

/** The same ring, beginning with place 0: two orders are one ring when these are equal. */
function fromFirst(order: readonly number[]): number[] {
  const at = order.indexOf(0);
  return [...order.slice(at), ...order.slice(0, at)];
}

function shuffled(places: readonly number[], random: () => number): number[] {
  const left = [...places];
  return places.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
