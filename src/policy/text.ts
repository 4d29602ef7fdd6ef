import { type Node, type ParseError, type ParseErrorCode, parseTree } from "jsonc-parser";
import { UserError } from "../errors.ts";

export type { Node } from "jsonc-parser";

/** A policy file's text with its syntax tree, whose nodes know where they stand. */
export interface PolicyText {
  readonly text: string;
  /** The object that the whole file is. */
  readonly root: Node;
  /** 1-based line of a character. */
  lineOf(offset: number): number;
}

/**
 * Parses HuJSON: JSON with comments and trailing commas (tailscale.md 3.1). Throws E_POLICY_SYNTAX with line and
 * column of the first fault.
 */
export function parsePolicyText(text: string): PolicyText {
  const lines = lineStarts(text);
  if (text.trim() === "")
    throw refused("the policy is empty", "an empty text resets the policy to its default");
  const errors: ParseError[] = [];
  const root = treeOf(text, errors);
  const [first] = errors;
  if (first || !root) {
    const at = position(lines, text, first?.offset ?? 0);
    throw refused(
      `the policy does not parse: line ${at.line}, column ${at.column}: ${SYNTAX_WORDS[first?.error ?? 4] ?? "not JSON"}`,
      "a comma, quote or bracket is missing or too much there, or just before",
    );
  }
  if (root.type !== "object") throw refused("the policy is not an object in braces", "another kind of file");
  assertNoDuplicates(root, (offset) => position(lines, text, offset));
  return { text, root, lineOf: (offset) => position(lines, text, offset).line };
}

/** Properties of an object node as name, value and the node of the name. */
export function propertiesOf(node: Node | undefined): { name: string; key: Node; value: Node }[] {
  if (node?.type !== "object") return [];
  return (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
    key && value ? [{ name: String(key.value), key, value }] : [],
  );
}

/** The value of a property; names are compared without regard to case, as the control servers do. */
export function propertyOf(node: Node | undefined, ...names: readonly string[]): Node | undefined {
  return propertiesOf(node).find(({ name }) => names.includes(name.toLowerCase()))?.value;
}

export function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.type === "array" ? (node.children ?? []) : [];
}

/** The strings of an array node; a lone string counts as an array of one. */
export function stringsOf(node: Node | undefined): { value: string; node: Node }[] {
  const nodes = node?.type === "string" ? [node] : itemsOf(node);
  return nodes.flatMap((each) => (each.type === "string" ? [{ value: String(each.value), node: each }] : []));
}

function treeOf(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  } catch (cause) {
    // The parser descends by recursion.
    if (!(cause instanceof RangeError)) throw cause;
    throw refused("the policy is nested too deeply", "thousands of brackets within each other");
  }
}

/** A name that stands twice is refused by headscale, and which one would count elsewhere is nobody's guess. */
function assertNoDuplicates(node: Node, at: (offset: number) => { line: number; column: number }): void {
  const waiting = [node];
  for (let current = waiting.pop(); current; current = waiting.pop()) {
    const seen = new Set<string>();
    for (const { name, key } of propertiesOf(current)) {
      if (seen.has(name)) {
        const { line, column } = at(key.offset);
        throw refused(
          `line ${line}, column ${column}: "${name}" stands twice in one object`,
          "a slip of the pen",
        );
      }
      seen.add(name);
    }
    waiting.push(...(current.children ?? []));
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function position(starts: readonly number[], text: string, offset: number): { line: number; column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.min(offset, text.length) - (starts[low] ?? 0) + 1 };
}

function refused(what: string, likely: string): UserError {
  return new UserError("E_POLICY_SYNTAX", what, { likely, mend: "correct the file, then again" });
}

const SYNTAX_WORDS: Readonly<Partial<Record<ParseErrorCode, string>>> = {
  1: "this is no word of JSON",
  2: "this is no number",
  3: "a name in quotes is expected",
  4: "a value is expected",
  5: "a colon is expected",
  6: "a comma is expected",
  7: "a closing brace is expected",
  8: "a closing bracket is expected",
  9: "the file should end here",
  11: "a comment does not end",
  12: "a string does not end",
  13: "a number does not end",
  14: "an escape of four hexadecimal digits is expected",
  15: "this escape does not exist",
  16: "this character may not stand in a string",
};
