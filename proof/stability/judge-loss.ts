import { SETTINGS } from "./grid.ts";
import type { LossCell } from "./loss.ts";

/** A count where so many or more are expected must lie within this factor of the forecast. */
const TELLING = 10;
const FACTOR = 3;
/** Tuned clusters at up to 5 % loss were watched for at least this long, summed. */
const TUNED_SECONDS = 3600;

/** What the evidence does not bear out, in words; empty where all holds. */
export function judgeLoss(cells: readonly LossCell[]): string[] {
  return [
    ...countsOff(cells),
    ...wronglyRanked(cells),
    ...tunedThatChanged(cells),
    ...controlsThatChanged(cells),
  ];
}

function countsOff(cells: readonly LossCell[]): string[] {
  return cells
    .filter(({ expected }) => expected.changes > TELLING)
    .filter(({ changes, expected }) => {
      const ratio = changes / expected.changes;
      return ratio < 1 / FACTOR || ratio > FACTOR;
    })
    .map((cell) => `${titleOf(cell)}: ${cell.changes} changes, ${cell.expected.changes} expected`);
}

/** Two settings under the same weather: the one that is forecast to change more did not, beyond what chance does. */
function wronglyRanked(cells: readonly LossCell[]): string[] {
  const wrong: string[] = [];
  for (const a of cells) {
    for (const b of cells) {
      const same = a.loss === b.loss && a.hosts === b.hosts && a.rttMs === b.rttMs;
      if (!same || SETTINGS.indexOf(a.settings) >= SETTINGS.indexOf(b.settings)) continue;
      const forecast = a.expected.changes - b.expected.changes;
      const measured = a.changes - b.changes;
      const chance = 2 * Math.sqrt(a.changes + b.changes);
      if (forecast * measured < 0 && Math.abs(measured) > chance) {
        wrong.push(
          `${titleOf(a)} changed ${a.changes} times and ${b.settings} ${b.changes} times; ` +
            `${a.expected.changes} and ${b.expected.changes} expected`,
        );
      }
    }
  }
  return wrong;
}

function tunedThatChanged(cells: readonly LossCell[]): string[] {
  const tuned = cells.filter(({ settings }) => settings === "tuned");
  const seconds = tuned.reduce((sum, cell) => sum + cell.seconds, 0);
  const changed = tuned.filter(({ changes }) => changes > 0);
  return [
    ...changed.map((cell) => `${titleOf(cell)}: ${cell.changes} changes with tuned settings`),
    ...(seconds < TUNED_SECONDS ? [`tuned clusters were watched for ${seconds} s only`] : []),
  ];
}

function controlsThatChanged(cells: readonly LossCell[]): string[] {
  return cells
    .filter(({ loss, changes, linkDowns }) => loss === 0 && changes + linkDowns > 0)
    .map((cell) => `${titleOf(cell)}: ${cell.changes} changes without any loss, so the machine was too busy`);
}

function titleOf({ settings, hosts, rttMs, loss }: LossCell): string {
  return `${settings}, ${hosts} hosts, RTT ${rttMs} ms, loss ${loss * 100} %`;
}
