import { createScanner } from "jsonc-parser";
import type { Entry } from "./snippet.ts";
import type { Node, PolicyText } from "./text.ts";

/** Text that is put in before the character at `offset`. Nothing is ever taken away or moved. */
export interface Insertion {
  readonly offset: number;
  readonly text: string;
}

/** The text with the insertions; those at one place stay in their order, but a comma is put there once. */
export function insertAll(text: string, insertions: readonly Insertion[]): string {
  const sorted = [...insertions].sort((a, b) => a.offset - b.offset);
  let result = "";
  let done = 0;
  let comma = -1;
  for (const { offset, text: more } of sorted) {
    if (more === "," && comma === offset) continue;
    if (more === ",") comma = offset;
    result += text.slice(done, offset) + more;
    done = offset;
  }
  return result + text.slice(done);
}

/**
 * Appends entries to an object or array of the file, each on lines of its own, in the indentation that is used
 * there. jsonc-parser's own `modify` is not used: it puts the new entry before a comment that belongs to the last.
 */
export function appendEntries(
  { text }: PolicyText,
  container: Node,
  entries: readonly Entry[],
): readonly Insertion[] {
  if (entries.length === 0) return [];
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const close = container.offset + container.length - 1;
  const last = container.children?.at(-1);
  const base = indentAt(text, close);
  const indent = (last && ownIndent(text, last.offset)) ?? `${base}${text.includes("\n\t") ? "\t" : "  "}`;
  const lines = entries.flatMap((entry) =>
    entry.map((line, index) => `${indent}${inTabs(line, indent)}${index === entry.length - 1 ? "," : ""}`),
  );
  const comma = last && !hasComma(text, last.offset + last.length, close) ? [commaAfter(last)] : [];
  const start = lineStart(text, close);
  const isAlone = text.slice(start, close).trim() === "" && start > container.offset;
  if (isAlone) return [...comma, { offset: start, text: lines.map((line) => `${line}${eol}`).join("") }];
  return [...comma, { offset: close, text: `${eol}${lines.join(eol)}${eol}${base}` }];
}

/** Appends a word to an array of words, on the same line. */
export function appendWord(array: Node, word: string): Insertion {
  const last = array.children?.at(-1);
  const json = JSON.stringify(word);
  if (last) return { offset: last.offset + last.length, text: `, ${json}` };
  return { offset: array.offset + 1, text: json };
}

/** An entry's own indentation, in tabs where the file has them. */
function inTabs(line: string, indent: string): string {
  return indent.includes("\t")
    ? line.replace(/^(?: {2})+/, (blanks) => "\t".repeat(blanks.length / 2))
    : line;
}

function commaAfter(node: Node): Insertion {
  return { offset: node.offset + node.length, text: "," };
}

/** Whether the last entry is followed by a comma; there may be comments on the way. */
function hasComma(text: string, from: number, to: number): boolean {
  return createScanner(text.slice(from, to), true).scan() === COMMA;
}

/** SyntaxKind.CommaToken, which the package declares in a form that cannot be imported (const enum). */
const COMMA = 5;

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** The blanks at the start of the line on which this character stands. */
function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? "";
}

/** The indentation of a node that begins its line. */
function ownIndent(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return before.trim() === "" ? before : undefined;
}
