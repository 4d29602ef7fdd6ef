import { UserError } from "../errors.ts";

/** One line of a corosync.conf, as it stands there and as corosync takes it. `text` has its line end. */
export type ConfLine = { readonly text: string } & (
  | { readonly kind: "nothing" }
  | { readonly kind: "opens" | "closes"; readonly section: ConfSection }
  | { readonly kind: "pair"; readonly section: ConfSection; readonly key: string; readonly value: Span }
);

/** Where a value stands in the text of its line. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface ConfSection {
  readonly name: string;
  readonly parent: ConfSection | undefined;
}

/**
 * The lines of a corosync.conf, whose texts together are the file. Only what corosync, which reads by lines, and
 * Proxmox, which reads by words, both understand in the same way is taken (proxmox.md 7).
 * @throws UserError E_COROSYNC_CONF naming the line that is something else.
 */
export function corosyncLines(text: string): ConfLine[] {
  const root: ConfSection = { name: "", parent: undefined };
  let here = root;
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const read = lines.map((line, index): ConfLine => {
    if (NOTHING.test(line)) return { text: line, kind: "nothing" };
    const opens = OPENS.exec(line)?.[1];
    if (opens !== undefined) {
      here = { name: opens, parent: here };
      return { text: line, kind: "opens", section: here };
    }
    if (CLOSES.test(line) && here.parent !== undefined) {
      const section = here;
      here = here.parent;
      return { text: line, kind: "closes", section };
    }
    const [, head = "", key, value = ""] = PAIR.exec(line) ?? [];
    if (key === undefined || here === root) throw notUnderstood(`line ${index + 1}: ${line.trim()}`);
    const span = { start: head.length, end: head.length + value.length, text: value };
    return { text: line, kind: "pair", section: here, key, value: span };
  });
  if (here !== root) throw notUnderstood(`section ${here.name} has no end`);
  return read;
}

/** The error for a file in which tailmox must not touch anything. */
export function notUnderstood(what: string): UserError {
  return new UserError("E_COROSYNC_CONF", `corosync.conf is not understood, so it is not edited: ${what}`, {
    likely: "it was edited by hand, or comes from another program than Proxmox",
    mend: "put each section, each key and each closing brace on a line of its own, once",
  });
}

const NOTHING = /^\s*(?:#.*)?\r?\n?$/;
const OPENS = /^\s*([^\s:{}#]+)\s*\{\s*(?:#.*)?\r?\n?$/;
const CLOSES = /^\s*\}\s*(?:#.*)?\r?\n?$/;
const PAIR = /^(\s*([^\s:{}#]+):[ \t]+)([^\s#{}](?:[^#{}\r\n]*[^\s#{}])?)\s*(?:#.*)?\r?\n?$/;
