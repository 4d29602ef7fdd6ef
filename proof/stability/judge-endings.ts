import { median } from "../../lab/measure.ts";
import type { EndingCell } from "./endings.ts";

const WITHIN = 0.1;

/** Which figure is forecast by which. A cut is a crash to the others, and a healed host joins. */
export const FORECAST_OF = {
  crashMs: "crashMs",
  cutMs: "crashMs",
  leaveMs: "leaveMs",
  joinMs: "joinMs",
  healMs: "joinMs",
} as const;

/** What the evidence does not bear out, in words; empty where all holds. */
export function judgeEndings(cells: readonly EndingCell[]): string[] {
  return cells.flatMap((cell) =>
    (["crashMs", "cutMs", "leaveMs", "joinMs", "healMs"] as const).flatMap((figure) => {
      const measured = median(cell[figure]);
      const expected = cell.expected[FORECAST_OF[figure]];
      if (measured !== undefined && Math.abs(measured / expected - 1) <= WITHIN) return [];
      return [
        `${cell.settings}, ${cell.hosts} hosts, RTT ${cell.rttMs} ms: ${figure} ${measured}, expected ${expected}`,
      ];
    }),
  );
}
