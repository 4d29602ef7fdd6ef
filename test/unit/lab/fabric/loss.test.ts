import { expect, test } from "bun:test";
import { type Burst, losesPacket } from "../../../../lab/fabric/relay/loss.ts";
import { seededRandom } from "./seeded-random.ts";

test("without loss and bursts nothing is lost", () => {
  expect(fates(10_000, 0, null).some(Boolean)).toBe(false);
  expect(fates(10_000, 0, { start: 0, meanPackets: 10 }).some(Boolean)).toBe(false);
});

test("loss 1 loses everything", () => {
  expect(fates(1_000, 1, null).every(Boolean)).toBe(true);
});

test("independent loss comes out as asked and does not cluster", () => {
  const lost = fates(100_000, 0.1, null);
  expect(shareOf(lost)).toBeCloseTo(0.1, 2);
  expect(meanRun(lost)).toBeCloseTo(1 / 0.9, 1);
});

test("bursts have the mean length asked for and begin as often as asked", () => {
  const lost = fates(400_000, 0, { start: 0.002, meanPackets: 8 });
  expect(meanRun(lost)).toBeGreaterThan(7.4);
  expect(meanRun(lost)).toBeLessThan(8.6);
  // Stationary share of the bad state: mean / (mean + 1/start), less the one packet that begins a burst.
  expect(shareOf(lost)).toBeCloseTo(8 / (8 + 1 / 0.002), 2);
});

test("a mean length of one is the same as independent loss", () => {
  const lost = fates(100_000, 0, { start: 0.05, meanPackets: 1 });
  expect(shareOf(lost)).toBeCloseTo(0.05, 2);
  expect(meanRun(lost)).toBeCloseTo(1 / 0.95, 1);
});

test("a burst ends at once when bursts are switched off", () => {
  const state = { inBurst: true };
  expect(losesPacket(state, 0, null, () => 0)).toBe(false);
  expect(state.inBurst).toBe(false);
});

function fates(packets: number, loss: number, burst: Burst | null): boolean[] {
  const random = seededRandom(20_260_101);
  const state = { inBurst: false };
  return Array.from({ length: packets }, () => losesPacket(state, loss, burst, random));
}

function shareOf(lost: readonly boolean[]): number {
  return lost.filter(Boolean).length / lost.length;
}

/** Mean number of packets lost in a row. */
function meanRun(lost: readonly boolean[]): number {
  const runs = lost.filter((isLost, index) => isLost && !lost[index - 1]).length;
  return lost.filter(Boolean).length / runs;
}
