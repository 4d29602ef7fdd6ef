import { bar, COLOURS, INK, line, text } from "./svg.ts";

/** Bars side by side under one label: measured as a bar, forecast as a line across it. */
export interface Group {
  readonly label: string;
  readonly bars: readonly {
    readonly colour: keyof typeof COLOURS;
    readonly measured: number;
    readonly expected?: number;
  }[];
}

const HEIGHT = 170;
const BAR = 11;

/** One panel of groups of bars; `at` is its upper left corner. Gives the drawing and its width. */
export function barPanel(
  title: string,
  groups: readonly Group[],
  [x, y]: readonly [number, number],
  unit: string,
): string[] {
  const values = groups.flatMap(({ bars }) => bars.flatMap((each) => [each.measured, each.expected ?? 0]));
  const top = niceTop(Math.max(...values, 1));
  const bottom = y + 24 + HEIGHT;
  const up = (value: number) => (value / top) * HEIGHT;
  const pitch = groupPitch(groups);
  const right = x + 40 + groups.length * pitch;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    line([x + 36, bottom - share * HEIGHT], [right, bottom - share * HEIGHT]),
    text(x + 32, bottom - share * HEIGHT + 4, figure(share * top), { anchor: "end", size: 11 }),
  ]);
  const drawn = groups.flatMap(({ label, bars }, index) => {
    const left = x + 44 + index * pitch;
    return [
      ...bars.flatMap(({ colour, measured, expected }, place) => {
        const at = left + place * BAR;
        // A zero is a result too: it shows as a thin foot.
        const height = Math.max(up(measured), 1.5);
        return [
          bar(at, bottom - height, BAR - 2, height, COLOURS[colour]),
          ...(expected === undefined
            ? []
            : [
                line([at - 1.5, bottom - up(expected)], [at + BAR - 0.5, bottom - up(expected)], {
                  colour: INK,
                  width: 2,
                }),
              ]),
        ];
      }),
      text(left + (bars.length * BAR) / 2, bottom + 16, label, { anchor: "middle", size: 11 }),
    ];
  });
  return [text(x, y + 8, `${title}  (${unit})`, { weight: "bold" }), ...grid, ...drawn];
}

export function panelWidth(groups: readonly Group[]): number {
  return 60 + groups.length * groupPitch(groups);
}

/** What the colours and the line mean. */
export function legend([x, y]: readonly [number, number]): string[] {
  const names = {
    "pve-8": "Proxmox VE 8's defaults",
    "pve-9": "Proxmox VE 9's defaults",
    tuned: "tailmox tune",
  } as const;
  const marks = (["pve-8", "pve-9", "tuned"] as const).flatMap((name, index) => [
    bar(x + index * 180, y - 9, 10, 10, COLOURS[name]),
    text(x + index * 180 + 15, y, names[name]),
  ]);
  return [
    ...marks,
    line([x + 480, y - 4], [x + 496, y - 4], { colour: INK, width: 2 }),
    text(x + 501, y, "forecast"),
  ];
}

/** Wide enough for the label, and for a panel that fills the page. */
function groupPitch(groups: readonly Group[]): number {
  const bars = Math.max(...groups.map((group) => group.bars.length)) * BAR;
  return Math.max(bars + 22, 62, Math.min(120, 640 / groups.length));
}

function niceTop(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 8, 10].find((each) => each * magnitude >= value) ?? 10;
  return step * magnitude;
}

function figure(value: number): string {
  return value >= 10 || Number.isInteger(value)
    ? String(Math.round(value))
    : value.toFixed(2).replace(/0$/, "");
}
