/** Text and shapes of a figure, by hand: a few dozen lines need no library. Sizes in px. */
export const COLOURS = { "pve-8": "#8a8f98", "pve-9": "#d9772b", tuned: "#2b7a4b" } as const;
export const INK = "#24292f";
const FAINT = "#d8dee4";

export function page(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 24, title, { size: 15, weight: "bold" }),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

export function text(
  x: number,
  y: number,
  words: string,
  {
    size = 12,
    weight = "normal",
    anchor = "start",
  }: { size?: number; weight?: string; anchor?: string } = {},
): string {
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

export function bar(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" fill="${colour}"/>`;
}

export function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  { colour = FAINT, width = 1, dash = "" } = {},
): string {
  const dashes = dash ? ` stroke-dasharray="${dash}"` : "";
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="${colour}" stroke-width="${width}"${dashes}/>`;
}

export function dot(x: number, y: number, colour: string, words: string): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="${colour}" fill-opacity="0.75"><title>${escaped(words)}</title></circle>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
