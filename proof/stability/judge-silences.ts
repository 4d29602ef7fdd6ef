import { seededRandom } from "../../src/cluster/random.ts";
import { BAD_MS, type BurstCell } from "./bursts.ts";
import { expectedOfSilence } from "./expected-silence.ts";
import type { OutageCell } from "./outages.ts";

/** Rings for one silence, on average: measured and forecast lie no further apart than this, or than this factor. */
const CHANGES_APART = 0.5;
const CHANGES_FACTOR = 1.5;
const TELLING = 10;
const FACTOR = 3;
/** Silences up to this long must cost a tuned cluster nothing. */
const TUNED_STANDS_MS = 5000;

export interface Beside {
  measured: number;
  expected: number;
}

/** Mean rings for one silence. */
export function outageBeside(cell: OutageCell): Beside {
  const sum = cell.silences.reduce((total, { changes }) => total + changes, 0);
  return { measured: sum / cell.silences.length, expected: expectedOfSilence(cell, cell).changes };
}

/** Rings in the whole time. */
export function burstBeside(cell: BurstCell): Beside {
  const random = seededRandom(2);
  const length = () => BAD_MS[0] + random() * (BAD_MS[1] - BAD_MS[0]);
  const each = expectedOfSilence(cell, { outageMs: length, loss: cell.loss });
  return { measured: cell.changes, expected: Number((each.changes * cell.bursts).toPrecision(3)) };
}

/** What the evidence of outages does not bear out, in words; empty where all holds. */
export function judgeOutages(outages: readonly OutageCell[]): string[] {
  return outages.flatMap((cell) => {
    const { measured, expected } = outageBeside(cell);
    const title = `${cell.settings}, ${cell.hosts} hosts, RTT ${cell.rttMs} ms, ${cell.outageMs / 1000} s`;
    const ratio = measured / expected;
    const isNear = ratio <= CHANGES_FACTOR && ratio >= 1 / CHANGES_FACTOR;
    return [
      ...(Math.abs(measured - expected) > CHANGES_APART && !isNear
        ? [`${title}: ${measured.toFixed(2)} changes each, ${expected.toFixed(2)} expected`]
        : []),
      ...(cell.settings === "tuned" && cell.outageMs <= TUNED_STANDS_MS && measured > 0
        ? [`${title}: ${measured.toFixed(2)} changes each with tuned settings`]
        : []),
    ];
  });
}

/** The same of bursts. */
export function judgeBursts(bursts: readonly BurstCell[]): string[] {
  return bursts.flatMap((cell) => {
    const { measured, expected } = burstBeside(cell);
    const title = `${cell.settings}, ${cell.hosts} hosts, RTT ${cell.rttMs} ms, ${cell.bursts} bursts of ${cell.loss * 100} %`;
    const ratio = measured / expected;
    const isOff = expected > TELLING && (ratio > FACTOR || ratio < 1 / FACTOR);
    return [
      ...(isOff ? [`${title}: ${measured} changes, ${expected} expected`] : []),
      ...(cell.settings === "tuned" && measured > 0
        ? [`${title}: ${measured} changes with tuned settings`]
        : []),
    ];
  });
}
