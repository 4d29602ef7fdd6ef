import { seededRandom } from "./random.ts";
import { type TourCost, tourLength } from "./shortest-tour.ts";

/** A gain below this is rounding. */
const GAIN = 1e-9;
/** Tours to begin with, from different places. */
const STARTS = 8;
/** Kicks out of a local best; bench/forecast.ts prints how good and how quick that is. */
const KICKS = 150;

/**
 * A short closed tour through many places: from some places the nearest neighbours, then 2-opt and Or-opt, then kicks
 * (double bridge) from the best so far. Deterministic; directions may differ.
 */
export function searchTour(count: number, cost: TourCost): number[] {
  const random = seededRandom(count);
  const costs = new Float64Array(count * count);
  for (let from = 0; from < count; from++) {
    for (let to = 0; to < count; to++) costs[from * count + to] = from === to ? 0 : cost(from, to);
  }
  const quick: TourCost = (from, to) => costs[from * count + to] ?? 0;
  let best: number[] = [];
  let shortest = Number.POSITIVE_INFINITY;
  const tryFrom = (start: number[]) => {
    improve(start, quick);
    const length = tourLength(start, quick);
    if (length < shortest - GAIN) [best, shortest] = [start, length];
  };
  for (let i = 0; i < Math.min(STARTS, count); i++) {
    tryFrom(nearestNeighbours(count, quick, Math.floor((i * count) / STARTS)));
  }
  for (let kick = 0; kick < KICKS; kick++) tryFrom(doubleBridge(best, random));
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

/** 2-opt and Or-opt, in place, until neither helps. */
function improve(tour: number[], cost: TourCost): void {
  while (reverseStretches(tour, cost) || moveStretches(tour, cost)) {
    // each of them goes on as long as it helps
  }
}

/** Reverses stretches where that is shorter (2-opt). */
function reverseStretches(tour: number[], cost: TourCost): boolean {
  const n = tour.length;
  const at = (i: number) => tour[i < n ? i : i - n] ?? 0;
  let helped = false;
  for (let i = 0; i < n - 1; i++) {
    let turned = 0; // what the stretch costs more backwards, where directions differ
    for (let j = i + 2; j < n; j++) {
      turned += cost(at(j), at(j - 1)) - cost(at(j - 1), at(j));
      const now = cost(at(i), at(i + 1)) + cost(at(j), at(j + 1));
      if (cost(at(i), at(j)) + cost(at(i + 1), at(j + 1)) + turned - now >= -GAIN) continue;
      tour.splice(i + 1, j - i, ...tour.slice(i + 1, j + 1).reverse());
      turned = -turned;
      helped = true;
    }
  }
  return helped;
}

/** Moves stretches of one to three places elsewhere, either way round, where that is shorter (Or-opt). */
function moveStretches(tour: number[], cost: TourCost): boolean {
  const n = tour.length;
  let helped = false;
  for (let length = 1; length <= Math.min(3, n - 2); length++) {
    for (let turn = 0; turn < n; turn++) {
      if (moveFirst(tour, length, cost)) helped = true;
      tour.push(tour.shift() ?? 0); // the next place comes first
    }
  }
  return helped;
}

/** Moves the first places of the tour to where they fit best, if that is elsewhere. */
function moveFirst(tour: number[], length: number, cost: TourCost): boolean {
  const n = tour.length;
  const at = (i: number) => tour[i] ?? 0;
  const [head, tail, next, last] = [at(0), at(length - 1), at(length), at(n - 1)];
  const taken = cost(last, head) + cost(tail, next) - cost(last, next);
  let turning = 0;
  for (let i = 1; i < length; i++) turning += cost(at(i), at(i - 1)) - cost(at(i - 1), at(i));
  for (let j = length; j < n - 1; j++) {
    const [a, b] = [at(j), at(j + 1)];
    const opened = cost(a, b) + taken;
    const ahead = cost(a, head) + cost(tail, b) - opened;
    const reversed = cost(a, tail) + cost(head, b) - opened + turning;
    if (Math.min(ahead, reversed) >= -GAIN) continue;
    const stretch = tour.splice(0, length);
    tour.splice(j - length + 1, 0, ...(reversed < ahead ? stretch.reverse() : stretch));
    return true;
  }
  return false;
}

/** Four stretches a b c d become a c b d: the smallest change that 2-opt cannot undo at once. */
function doubleBridge(tour: readonly number[], random: () => number): number[] {
  const cuts = new Set<number>();
  while (cuts.size < 3) cuts.add(1 + Math.floor(random() * (tour.length - 1)));
  const [i = 0, j = 0, k = 0] = [...cuts].sort((a, b) => a - b);
  return [...tour.slice(0, i), ...tour.slice(j, k), ...tour.slice(i, j), ...tour.slice(k)];
}
