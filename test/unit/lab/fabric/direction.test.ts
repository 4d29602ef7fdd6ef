import { expect, test } from "bun:test";
import { arrives, type Direction, dueOf, newDirection } from "../../../../lab/fabric/relay/direction.ts";
import { directionOf } from "../../../../lab/fabric/relay/settings.ts";
import type { LinkSettings } from "../../../../lab/scenario.ts";
import { seededRandom } from "./seeded-random.ts";

test("a packet is due after half of the round trip", () => {
  expect(dueOf(direction({ rttMs: 110 }), 1000, 84, seededRandom(1))).toBe(1055);
  expect(dueOf(direction({ rttMs: 0 }), 1000, 84, seededRandom(1))).toBe(1000);
});

test("jitter is uniform between nothing and what is asked, and reorders", () => {
  const way = direction({ rttMs: 100, jitterMs: 10 });
  const random = seededRandom(2);
  const extra = Array.from({ length: 20_000 }, (_, now) => (dueOf(way, now, 84, random) ?? 0) - now - 50);
  expect(Math.min(...extra)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...extra)).toBeLessThan(10);
  expect(extra.reduce((sum, ms) => sum + ms, 0) / extra.length).toBeCloseTo(5, 0);
  expect(extra.some((ms, now) => now > 0 && now + ms < now - 1 + (extra[now - 1] ?? 0))).toBe(true);
});

test("without jitter no packet overtakes another, not even when the delay is lowered", () => {
  const way = direction({ rttMs: 300 });
  const first = dueOf(way, 0, 84, Math.random);
  way.settings = directionOf({ rttMs: 20 });
  expect(dueOf(way, 1, 84, Math.random)).toBe(first);
  expect(dueOf(way, 500, 84, Math.random)).toBe(510);
});

test("time in the queue comes on top of the delay", () => {
  const way = direction({ rttMs: 20, rateMbit: 10 });
  expect([1, 2, 3].map(() => dueOf(way, 0, 1250, Math.random))).toEqual([11, 12, 13]);
});

test("a full queue and loss are counted apart, and neither counts as delivered", () => {
  const way = direction({ rttMs: 0, rateMbit: 8, queueBytes: 2000, loss: 1 });
  for (let packet = 0; packet < 5; packet++) expect(dueOf(way, 0, 1000, Math.random)).toBeUndefined();
  expect(way.counters).toEqual({ packets: 0, bytes: 0, lost: 2, queueDropped: 3, cut: 0 });
});

test("a cut stops what comes and what is on its way", () => {
  const way = direction({ rttMs: 100 });
  expect(dueOf(way, 0, 84, Math.random)).toBe(50);
  way.isCut = true;
  expect(arrives(way, 84)).toBe(false);
  expect(dueOf(way, 1, 84, Math.random)).toBeUndefined();
  expect(way.counters).toEqual({ packets: 0, bytes: 0, lost: 0, queueDropped: 0, cut: 2 });
});

test("what arrives is counted with its bytes", () => {
  const way = direction({ rttMs: 0 });
  expect(arrives(way, 84)).toBe(true);
  expect(arrives(way, 1500)).toBe(true);
  expect(way.counters).toMatchObject({ packets: 2, bytes: 1584 });
});

function direction(link: LinkSettings): Direction {
  return newDirection(2, 3, directionOf(link));
}
