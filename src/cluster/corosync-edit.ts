import { UserError } from "../errors.ts";
import { type ConfLine, type ConfSection, corosyncLines, notUnderstood } from "./corosync-lines.ts";

/** Values to set, null to take a key out; `link` is the interface section of link 0. */
export interface ConfEdit {
  readonly totem: Readonly<Record<string, number | null>>;
  readonly link: Readonly<Record<string, number | null>>;
}

/**
 * The text with only the asked keys changed: everything else, comments, unknown keys and odd white space included,
 * stays byte for byte. A key that is not there yet comes after the last one of its section.
 * @throws UserError E_COROSYNC_CONF where the file is not understood, E_COROSYNC_LINKS where it has other links than
 * the one that tailmox makes.
 */
export function editCorosyncConf(text: string, edit: ConfEdit): string {
  const lines = corosyncLines(text);
  const totem = onlySection(lines, "totem");
  assertOneLink(lines, totem);
  const interfaceSection = sectionsOf(lines, totem, "interface")[0];
  const inTotem = editSection(lines, totem, edit.totem);
  const edited = interfaceSection
    ? editSection(inTotem, interfaceSection, edit.link)
    : withInterface(inTotem, totem, edit.link);
  return edited.map((line) => line.text).join("");
}

/**
 * What the file says of these keys now, null where it says nothing: the edit that takes another one back.
 * @throws UserError as `editCorosyncConf` does.
 */
export function presentValues(text: string, edit: ConfEdit): ConfEdit {
  const lines = corosyncLines(text);
  const totem = onlySection(lines, "totem");
  assertOneLink(lines, totem);
  const link = sectionsOf(lines, totem, "interface")[0];
  const now = (section: ConfSection | undefined, keys: ConfEdit["totem"]) =>
    Object.fromEntries(
      Object.keys(keys).map((key) => [key, section ? numberOf(pairOf(lines, section, key)) : null]),
    );
  return { totem: now(totem, edit.totem), link: now(link, edit.link) };
}

function numberOf(pair: Pair | undefined): number | null {
  if (pair === undefined) return null;
  const value = Number(pair.value.text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw notUnderstood(`${pair.key} is "${pair.value.text}", not a number`);
  return value;
}

type Pair = Extract<ConfLine, { kind: "pair" }>;

/** The pair of this key directly in the section; corosync takes the last of several, and people the first. */
function pairOf(lines: readonly ConfLine[], section: ConfSection, key: string): Pair | undefined {
  const pairs = lines.filter(
    (line): line is Pair => line.kind === "pair" && line.section === section && line.key === key,
  );
  if (pairs.length > 1) throw notUnderstood(`${section.name} has ${key} ${pairs.length} times`);
  return pairs[0];
}

function editSection(lines: readonly ConfLine[], section: ConfSection, keys: ConfEdit["totem"]): ConfLine[] {
  let edited = [...lines];
  for (const [key, value] of Object.entries(keys)) {
    const pair = pairOf(edited, section, key);
    if (pair !== undefined) {
      const changed = value === null ? [] : [withValue(pair, value)];
      edited = edited.flatMap((line) => (line === pair ? changed : [line]));
    } else if (value !== null) {
      const before = edited.findLastIndex(
        (line) => (line.kind === "pair" || line.kind === "opens") && line.section === section,
      );
      edited.splice(before + 1, 0, newPair(edited, section, key, value));
    }
  }
  return edited;
}

function withValue(pair: Pair, value: number): Pair {
  const { start, end } = pair.value;
  const text = pair.text.slice(0, start) + value + pair.text.slice(end);
  return { ...pair, text, value: { start, end: start + String(value).length, text: String(value) } };
}

function newPair(lines: readonly ConfLine[], section: ConfSection, key: string, value: number): Pair {
  const neighbour = lines.findLast((line) => line.kind === "pair" && line.section === section);
  const opening = lines.find((line) => line.kind === "opens" && line.section === section);
  const indent = neighbour ? indentOf(neighbour) : `${indentOf(opening)}  `;
  const text = `${indent}${key}: ${value}${lineEnd(neighbour ?? opening)}`;
  const start = `${indent}${key}: `.length;
  const span = { start, end: start + String(value).length, text: String(value) };
  return { kind: "pair", section, key, text, value: span };
}

/** An interface section for link 0 at the end of totem, where there is none. */
function withInterface(lines: readonly ConfLine[], totem: ConfSection, keys: ConfEdit["link"]): ConfLine[] {
  const pairs = Object.entries(keys).filter(([, value]) => value !== null);
  if (pairs.length === 0) return [...lines];
  const neighbour = lines.findLast((line) => line.kind === "pair" && line.section === totem);
  const [indent, end] = [indentOf(neighbour) || "  ", lineEnd(neighbour)];
  const inner = [["linknumber", 0], ...pairs].map(([key, value]) => `${indent}  ${key}: ${value}${end}`);
  const block = [`${indent}interface {${end}`, ...inner, `${indent}}${end}`];
  const at = lines.findIndex((line) => line.kind === "closes" && line.section === totem);
  const added = block.map((text): ConfLine => ({ kind: "nothing", text }));
  return [...lines.slice(0, at), ...added, ...lines.slice(at)];
}

function indentOf(line: ConfLine | undefined): string {
  return /^[ \t]*/.exec(line?.text ?? "")?.[0] ?? "";
}

function lineEnd(line: ConfLine | undefined): string {
  return line?.text.endsWith("\r\n") ? "\r\n" : "\n";
}

function onlySection(lines: readonly ConfLine[], name: string): ConfSection {
  const found = lines.flatMap((line) =>
    line.kind === "opens" && line.section.name === name && line.section.parent?.parent === undefined
      ? [line.section]
      : [],
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw notUnderstood(only ? `it has ${found.length} sections ${name}` : `it has no section ${name}`);
}

function sectionsOf(lines: readonly ConfLine[], parent: ConfSection, name: string): ConfSection[] {
  return lines.flatMap((line) =>
    line.kind === "opens" && line.section.parent === parent && line.section.name === name
      ? [line.section]
      : [],
  );
}

/** With a second link the ping timeouts of tailmox would keep corosync from changing over in time. */
function assertOneLink(lines: readonly ConfLine[], totem: ConfSection): void {
  const interfaces = sectionsOf(lines, totem, "interface");
  const pairs = lines.filter((line): line is Pair => line.kind === "pair");
  const second = pairs.find(({ key }) => /^ring[1-7]_addr$/.test(key));
  if (interfaces.length > 1 || second !== undefined) {
    throw otherLinks(second ? `it has ${second.key}` : `it has ${interfaces.length} interface sections`);
  }
  const [link] = interfaces;
  const number = link && pairs.find(({ section, key }) => section === link && key === "linknumber");
  if (number && number.value.text !== "0") throw otherLinks(`its interface is link ${number.value.text}`);
  const transport = pairOf(lines, totem, "transport")?.value.text ?? "knet";
  if (transport !== "knet") throw otherLinks(`its transport is ${transport}, not knet`);
}

function otherLinks(what: string): UserError {
  return new UserError("E_COROSYNC_LINKS", `corosync.conf has links that tailmox did not make: ${what}`, {
    likely: "the cluster was given a second link, or another transport, by hand",
    mend: "tune it by hand (docs/forecast.md); nothing was changed",
  });
}
