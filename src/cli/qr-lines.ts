import { renderUnicodeCompact } from "uqr";
import type { Output } from "./live-line.ts";

/** A QR code of a page that somebody opens on a telephone; none off a terminal, or where it does not fit. */
export function qrLines(url: string, { isTTY, columns }: Output): string[] {
  if (!isTTY || !speaksUtf8()) return [];
  const lines = renderUnicodeCompact(url, { border: 2 }).split("\n");
  const fits = lines.every((line) => line.length + INDENT.length < (columns || 80));
  return fits ? [...lines.map((line) => `${INDENT}${line}`), ""] : [];
}

const INDENT = "      ";

/** Half blocks need UTF-8; the first of these that is set decides (POSIX, locale). */
function speaksUtf8(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}
