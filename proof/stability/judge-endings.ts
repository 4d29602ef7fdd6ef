import { median } from "../../lab/measure.ts";
import type { EndingCell } from "./endings.ts";

const WITHIN = 0.1;
/** A short time may be so much off: a busy machine's own delays do not shrink with it. */
const WITHIN_MS = 100;

/** Which figure is forecast by which: a cut is a crash to the others. */
export const FORECAST_OF = {
  crashMs: "crashMs",
  cutMs: "crashMs",
  leaveMs: "leaveMs",
  joinMs: "joinMs",
  healMs: "healMs",
} as const;

/** What the evidence does not bear out, in words; empty where all holds. */
export function judgeEndings(cells: readonly EndingCell[]): string[] {
  return cells.flatMap((cell) =>
    (["crashMs", "cutMs", "leaveMs", "joinMs", "healMs"] as const).flatMap((figure) => {
      const measured = median(cell[figure]) ?? Number.POSITIVE_INFINITY;
      const expected = cell.expected[FORECAST_OF[figure]];
      const off = Math.abs(measured - expected);
      if (off <= WITHIN * expected || off <= WITHIN_MS) return [];
      return [
        `${cell.settings}, ${cell.hosts} hosts, RTT ${cell.rttMs} ms: ${figure} ${measured}, expected ${expected}`,
      ];
    }),
  );
}
