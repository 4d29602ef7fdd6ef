import { seededRandom } from "./random.ts";
import { type TourCost, tourLength } from "./shortest-tour.ts";

/** A gain below this is rounding. */
const GAIN = 1e-9;
/** Kicks out of a local best; the figure at which 32 places stayed within 2 % in the tests, with time to spare. */
const KICKS = 400;

/**
 * A short closed tour through many places: from each place the nearest neighbours, then 2-opt and Or-opt, then kicks
 * (double bridge) from the best so far. Deterministic; directions may differ.
 */
export function searchTour(count: number, cost: TourCost): number[] {
  const random = seededRandom(count);
  let best = Array.from({ length: count }, (_, start) =>
    improve(nearestNeighbours(count, cost, start), cost),
  ).reduce((a, b) => (tourLength(b, cost) < tourLength(a, cost) - GAIN ? b : a));
  let shortest = tourLength(best, cost);
  for (let kick = 0; kick < KICKS; kick++) {
    const tour = improve(doubleBridge(best, random), cost);
    const length = tourLength(tour, cost);
    if (length < shortest - GAIN) [best, shortest] = [tour, length];
  }
  return best;
}

function nearestNeighbours(count: number, cost: TourCost, start: number): number[] {
  const left = new Set(Array.from({ length: count }, (_, i) => i));
  const tour = [start];
  left.delete(start);
  for (let at = start; left.size > 0; ) {
    at = [...left].reduce((near, place) => (cost(at, place) < cost(at, near) ? place : near));
    left.delete(at);
    tour.push(at);
  }
  return tour;
}

/** 2-opt and Or-opt until neither helps. */
function improve(tour: number[], cost: TourCost): number[] {
  let now = tour;
  for (;;) {
    const next = shorterByReversal(now, cost) ?? shorterByMove(now, cost);
    if (next === undefined) return now;
    now = next;
  }
}

/** The tour with one stretch reversed (2-opt), where that is shorter. */
function shorterByReversal(tour: readonly number[], cost: TourCost): number[] | undefined {
  const n = tour.length;
  const at = (i: number) => tour[i % n] ?? 0;
  for (let i = 0; i < n - 1; i++) {
    let turned = 0; // what reversing at(i + 1)..at(j) costs inside, where directions differ
    for (let j = i + 2; j < n + i - 1 && j < n; j++) {
      turned += cost(at(j), at(j - 1)) - cost(at(j - 1), at(j));
      const ends =
        cost(at(i), at(j)) + cost(at(i + 1), at(j + 1)) - cost(at(i), at(i + 1)) - cost(at(j), at(j + 1));
      if (ends + turned < -GAIN) {
        return [...tour.slice(0, i + 1), ...tour.slice(i + 1, j + 1).reverse(), ...tour.slice(j + 1)];
      }
    }
  }
  return undefined;
}

/** The tour with a stretch of one to three places elsewhere, either way round (Or-opt), where that is shorter. */
function shorterByMove(tour: readonly number[], cost: TourCost): number[] | undefined {
  const n = tour.length;
  for (let length = 1; length <= Math.min(3, n - 2); length++) {
    for (let i = 0; i < n; i++) {
      const turned = [...tour.slice(i), ...tour.slice(0, i)]; // the stretch comes first
      const stretch = turned.slice(0, length);
      const rest = turned.slice(length);
      const back = [...stretch].reverse();
      const last = rest.at(-1) ?? 0;
      const first = rest[0] ?? 0;
      const head = stretch[0] ?? 0;
      const tail = back[0] ?? 0;
      const taken = cost(last, head) + cost(tail, first) - cost(last, first);
      const turning = pathLength(back, cost) - pathLength(stretch, cost);
      for (let j = 0; j < rest.length - 1; j++) {
        const a = rest[j] ?? 0;
        const b = rest[j + 1] ?? 0;
        const ahead = cost(a, head) + cost(tail, b) - cost(a, b) - taken;
        const reversed = cost(a, tail) + cost(head, b) - cost(a, b) - taken + turning;
        if (Math.min(ahead, reversed) < -GAIN) {
          return [...rest.slice(0, j + 1), ...(reversed < ahead ? back : stretch), ...rest.slice(j + 1)];
        }
      }
    }
  }
  return undefined;
}

function pathLength(path: readonly number[], cost: TourCost): number {
  return path.slice(1).reduce((sum, place, i) => sum + cost(path[i] ?? place, place), 0);
}

/** Four stretches a b c d become a c b d: the smallest change that 2-opt cannot undo at once. */
function doubleBridge(tour: readonly number[], random: () => number): number[] {
  const cuts = new Set<number>();
  while (cuts.size < 3) cuts.add(1 + Math.floor(random() * (tour.length - 1)));
  const [i = 0, j = 0, k = 0] = [...cuts].sort((a, b) => a - b);
  return [...tour.slice(0, i), ...tour.slice(j, k), ...tour.slice(i, j), ...tour.slice(k)];
}
