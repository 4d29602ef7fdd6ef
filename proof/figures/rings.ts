import { z } from "zod";
import { ringCells } from "../ring/evidence.ts";
import { type Point, SCATTER_SIZE, scatter } from "./scatter.ts";
import { bar, page, text } from "./svg.ts";

const ringsMeasured = z.object({ cells: ringCells });

const KINDS = [
  { colour: "#8a8f98", words: "rotation, other orders" },
  { colour: "#2b7a4b", words: "rotation, the chosen order" },
  { colour: "#1f6feb", words: "mean wait of a message" },
] as const;

/** Rotation and mean wait of all orders, over the prediction. */
export function drawRings(measured: unknown): string {
  const { cells } = ringsMeasured.parse(measured);
  const points = cells.flatMap(({ topology, word, predicted, measured: found }): Point[] => {
    const words = `${topology}, ${word}`;
    return [
      {
        measured: found.rotationMs,
        expected: predicted.rotationMs,
        colour: KINDS[word === "chosen" ? 1 : 0].colour,
        words,
      },
      { measured: found.writeMs, expected: predicted.writeMs, colour: KINDS[2].colour, words },
    ];
  });
  const key = KINDS.flatMap(({ colour, words }, index) => [
    bar(16 + index * 175, 41, 10, 10, colour),
    text(31 + index * 175, 50, words),
  ]);
  return page(
    SCATTER_SIZE.width + 60,
    SCATTER_SIZE.height + 90,
    "Rings of 3, 5 and 7 hosts in several orders of ids",
    [...key, ...scatter(points, [16, 84], { within: 0.05, unit: "ms" })],
  );
}
