import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exactTour, type TourCost, tourLength } from "../../../../src/cluster/shortest-tour.ts";
import { searchTour } from "../../../../src/cluster/tour-search.ts";
import { inOrder } from "./meshes.ts";

/** Costs between up to eight places, in which directions differ. */
const costTables = fc.integer({ min: 2, max: 8 }).chain((count) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: count, maxLength: count }), {
    minLength: count,
    maxLength: count,
  }),
);
const costOf =
  (table: readonly (readonly number[])[]): TourCost =>
  (from, to) =>
    table[from]?.[to] ?? 0;

describe("the shortest tour", () => {
  test("exact search finds what trying all orders finds, also where directions differ", () => {
    fc.assert(
      fc.property(costTables, (table) => {
        const cost = costOf(table);
        const found = exactTour(table.length, cost);
        expect([...found].sort((a, b) => a - b)).toEqual(inOrder(table.length));
        expect(tourLength(found, cost)).toBe(shortestOfAll(table.length, cost));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("a tour has the same length from wherever it starts", () => {
    fc.assert(
      fc.property(costTables, fc.nat(7), (table, turn) => {
        const cost = costOf(table);
        const tour = inOrder(table.length);
        const turned = [...tour.slice(turn), ...tour.slice(0, turn)];
        expect(tourLength(turned, cost)).toBe(tourLength(tour, cost));
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test("the exact search is for twelve places, not for more", () => {
    expect(() => exactTour(13, () => 1)).toThrow(RangeError);
  });
});

describe("the searched tour", () => {
  test("is exact, or within 2 %, where the exact one is known", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const cost = scattered(12, seed);
      const best = tourLength(exactTour(12, cost), cost);
      expect(tourLength(searchTour(12, cost), cost)).toBeLessThanOrEqual(1.02 * best);
    }
  });

  test("goes round a circle of 32 places, and back home over four sites of eight", () => {
    const angle = (place: number) => (((place * 11) % 32) * 2 * Math.PI) / 32;
    const circle: TourCost = (a, b) => Math.abs(Math.sin((angle(a) - angle(b)) / 2));
    expect(tourLength(searchTour(32, circle), circle)).toBeCloseTo(32 * Math.sin(Math.PI / 32), 9);
    const sites: TourCost = (a, b) => (a % 4 === b % 4 ? 0.5 : 50);
    expect(tourLength(searchTour(32, sites), sites)).toBeCloseTo(4 * 50 + 28 * 0.5, 9);
  });

  test("of 32 places is within 2 % of the best of many searches, however they are numbered", () => {
    const cost = scattered(32, 3);
    const lengths = inOrder(12).map((shift) => {
      const renumbered: TourCost = (a, b) => cost((a * 5 + shift) % 32, (b * 5 + shift) % 32);
      const tour = searchTour(32, renumbered);
      expect(new Set(tour).size).toBe(32);
      return tourLength(tour, renumbered);
    });
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1.02 * Math.min(...lengths));
  });

  test("is the same each time", () => {
    expect(searchTour(20, scattered(20, 1))).toEqual(searchTour(20, scattered(20, 1)));
  });
});

function shortestOfAll(count: number, cost: TourCost): number {
  const rest = (tour: number[]): number =>
    tour.length === count
      ? tourLength(tour, cost)
      : Math.min(
          ...inOrder(count)
            .filter((place) => !tour.includes(place))
            .map((place) => rest([...tour, place])),
        );
  return rest([0]);
}

/** Places in a square by a simple rule, directions differing by up to a tenth. */
function scattered(count: number, seed: number): TourCost {
  const noise = (n: number) => Math.abs(Math.sin(n * 127.1 + seed * 311.7) * 43758.5453) % 1;
  return (a, b) => {
    const distance = Math.hypot(noise(a) - noise(b), noise(a + 100) - noise(b + 100));
    return distance * (0.95 + 0.1 * noise(1000 + a * count + b));
  };
}
