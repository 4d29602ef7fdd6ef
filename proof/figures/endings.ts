import { z } from "zod";
import { median } from "../../lab/measure.ts";
import { expectedEndings } from "../stability/endings.ts";
import { endingCells } from "../stability/evidence.ts";
import { FORECAST_OF } from "../stability/judge-endings.ts";
import { type Point, SCATTER_SIZE, scatter } from "./scatter.ts";
import { bar, page, text } from "./svg.ts";

const endingsMeasured = z.object({ cells: endingCells });

const KINDS = {
  crashMs: { colour: "#b3261e", words: "power cut" },
  cutMs: { colour: "#d9772b", words: "network cut" },
  leaveMs: { colour: "#2b7a4b", words: "clean stop" },
  joinMs: { colour: "#1f6feb", words: "join" },
  healMs: { colour: "#8250df", words: "cut healed" },
} as const;

/** Times until all serve, medians, over the forecast. */
export function drawEndings(measured: unknown): string {
  const { cells } = endingsMeasured.parse(measured);
  const points = cells.flatMap((cell) =>
    (["crashMs", "cutMs", "leaveMs", "joinMs", "healMs"] as const).flatMap((kind): Point[] => {
      const middle = median(cell[kind]);
      if (middle === undefined) return [];
      const words = `${KINDS[kind].words}, ${cell.settings}, ${cell.hosts} hosts, RTT ${cell.rttMs} ms`;
      const expected = expectedEndings(cell)[FORECAST_OF[kind]] / 1000;
      return [{ measured: middle / 1000, expected, colour: KINDS[kind].colour, words }];
    }),
  );
  const key = Object.values(KINDS).flatMap(({ colour, words }, index) => [
    bar(16 + index * 105, 41, 10, 10, colour),
    text(31 + index * 105, 50, words),
  ]);
  return page(SCATTER_SIZE.width + 60, SCATTER_SIZE.height + 90, "Until all serve again", [
    ...key,
    ...scatter(points, [16, 84], { within: 0.1, unit: "s" }),
  ]);
}
