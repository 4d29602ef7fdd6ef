import { expect, test } from "bun:test";
import { oneWayLoss, rttFigures } from "../../../../src/latency/figures.ts";
import { gentlePace } from "../../../../src/latency/pace.ts";

test("figures of echoes are the middle, the 95th of a hundred and the worst", () => {
  const rtt = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(rttFigures(rtt)).toMatchObject({ median: 50, p95: 95, max: 100 });
  expect(rttFigures([])).toBeUndefined();
  expect(rttFigures([7])).toEqual({ median: 7, p95: 7, max: 7, jitter: 0 });
});

test("jitter is the spread of one direction, and a rare spike does not change it", () => {
  // Both directions late by an even 0 to 8 ms: all sums of a grid.
  const late = Array.from({ length: 40 }, (_, i) => (i / 39) * 8);
  const rtt = late.flatMap((there) => late.map((back) => 50 + there + back));
  expect(rttFigures(rtt)?.jitter).toBeCloseTo(8, 0);
  expect(rttFigures([...rtt, 900])?.jitter).toBeCloseTo(8, 0);
});

test("an echo that needs two directions is lost more often than either loses", () => {
  // 5 % each way: 1 - 0.95 x 0.95 of the echoes.
  expect(oneWayLoss(10_000, 975)).toBeCloseTo(0.05, 4);
  expect(oneWayLoss(40, 0)).toBe(0);
  expect(oneWayLoss(40, 40)).toBe(1);
});

test.each([2, 3, 5, 7, 12])("%i hosts stay below 1 % of a line of 10 Mbit/s each", (hosts) => {
  const { intervalMs, count } = gentlePace(hosts, 5_000);
  // Echoes sent and echoes answered, 156 bytes each, and the probes of the MTU: 1340 bytes there and back.
  const bits = (hosts - 1) * 2 * 8 * (156 * count + 1340);
  expect(bits / (count * intervalMs + 2_000)).toBeLessThan(100);
});

test("seven hosts send enough echoes in 5 s for usable figures", () => {
  expect(gentlePace(7, 5_000).count).toBeGreaterThanOrEqual(25);
});
