/** Cost of going from one place to another; may differ by direction, may be infinite. */
export type TourCost = (from: number, to: number) => number;

/** Beyond this many places the exact search would take seconds and gigabytes. */
export const EXACT_PLACES = 12;

/** The sum along a closed tour. */
export function tourLength(tour: readonly number[], cost: TourCost): number {
  return tour.reduce((sum, place, i) => sum + cost(place, tour[(i + 1) % tour.length] ?? place), 0);
}

/**
 * The shortest closed tour through places 0..count-1, starting at 0, exact by Held and Karp; directions may differ.
 * @throws RangeError beyond EXACT_PLACES.
 */
export function exactTour(count: number, cost: TourCost): number[] {
  if (count > EXACT_PLACES) throw new RangeError(`an exact tour of ${count} places`);
  if (count < 3) return Array.from({ length: count }, (_, i) => i);
  const others = count - 1; // place p > 0 is bit p - 1
  const sets = 1 << others;
  const best = new Float64Array(sets * others).fill(Number.POSITIVE_INFINITY);
  const before = new Int8Array(sets * others).fill(-1);
  for (let last = 0; last < others; last++) best[(1 << last) * others + last] = cost(0, last + 1);
  for (let set = 1; set < sets; set++) {
    for (let last = 0; last < others; last++) {
      const sofar = best[set * others + last] ?? Number.POSITIVE_INFINITY;
      if (sofar === Number.POSITIVE_INFINITY) continue;
      for (let next = 0; next < others; next++) {
        if (set & (1 << next)) continue;
        const at = (set | (1 << next)) * others + next;
        const length = sofar + cost(last + 1, next + 1);
        if (length < (best[at] ?? 0)) {
          best[at] = length;
          before[at] = last;
        }
      }
    }
  }
  const all = sets - 1;
  let last = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let end = 0; end < others; end++) {
    const length = (best[all * others + end] ?? 0) + cost(end + 1, 0);
    if (length < shortest) [shortest, last] = [length, end];
  }
  const tour: number[] = [];
  for (let set = all; last >= 0; ) {
    tour.push(last + 1);
    const previous = before[set * others + last] ?? -1;
    set &= ~(1 << last);
    last = previous;
  }
  return [0, ...tour.reverse()];
}
