import { dot, INK, line, text } from "./svg.ts";

export interface Point {
  readonly measured: number;
  readonly expected: number;
  readonly colour: string;
  readonly words: string;
}

const SIDE = 420;

/** Measured over forecast on logarithmic axes, with a band of `within` around equality. */
export function scatter(
  points: readonly Point[],
  [x, y]: readonly [number, number],
  { within, unit }: { within: number; unit: string },
): string[] {
  const values = points.flatMap(({ measured, expected }) => [measured, expected]);
  const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
  const place = (value: number) => (Math.log(value / low) / Math.log(high / low)) * SIDE;
  const across = (value: number) => x + 50 + place(value);
  const up = (value: number) => y + SIDE - place(value);
  const ticks = [1, 2, 5].flatMap((digit) => [1, 10, 100, 1000, 10_000].map((power) => digit * power));
  const grid = ticks
    .filter((value) => value > low && value < high)
    .flatMap((value) => [
      line([across(value), y], [across(value), y + SIDE]),
      line([x + 50, up(value)], [x + 50 + SIDE, up(value)]),
      text(across(value), y + SIDE + 16, String(value), { anchor: "middle", size: 11 }),
      text(x + 44, up(value) + 4, String(value), { anchor: "end", size: 11 }),
    ]);
  const band = [1 - within, 1, 1 + within].map((factor) => {
    const [from, to] = [Math.max(low, low / factor), Math.min(high, high / factor)];
    return line([across(from), up(from * factor)], [across(to), up(to * factor)], {
      colour: INK,
      dash: factor === 1 ? "" : "4 4",
    });
  });
  return [
    ...grid,
    ...band,
    ...points.map(({ measured, expected, colour, words }) =>
      dot(across(expected), up(measured), colour, words),
    ),
    text(x + 50 + SIDE / 2, y + SIDE + 36, `forecast (${unit})`, { anchor: "middle" }),
    text(x + 50, y - 8, `measured (${unit}); dashed: ${within * 100} % off`),
  ];
}

export const SCATTER_SIZE = { width: SIDE + 90, height: SIDE + 60 } as const;
