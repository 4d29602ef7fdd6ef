import { PveError } from "../errors.ts";

/** A section of corosync.conf: keys with values, and sections. */
export interface Section {
  [key: string]: string | Section;
}

/**
 * Reads corosync.conf as Proxmox does: the repeated sections become maps, `nodelist.node` by name (else ring0
 * address) and `totem.interface` by link number; comments are lost. Errors as in proxmox.md 7.
 */
export function parseCorosyncConf(text: string): Section {
  const tokens = text
    .split("\n")
    .flatMap((line) => line.replace(/#.*$/, "").split(/\s+/))
    .filter((token) => token !== "");
  const { section } = parseSection(tokens, 0, false);
  return section;
}

/** Writes it as Proxmox does: keys sorted, two blanks of indent, a blank line after each top-level section. */
export function formatCorosyncConf(conf: Section): string {
  return Object.keys(conf)
    .sort()
    .map((name) => `${formatNamed(name, conf[name] ?? {}, "")}\n`)
    .join("");
}

/** A section below, by its path; made when it is missing. */
export function sectionAt(conf: Section, ...path: string[]): Section {
  return path.reduce((section, name) => {
    const inner = section[name];
    if (typeof inner === "object") return inner;
    const made: Section = {};
    section[name] = made;
    return made;
  }, conf);
}

/** A plain value, undefined when there is none. */
export function valueAt(conf: Section, ...path: string[]): string | undefined {
  const name = path.at(-1) ?? "";
  const section = path
    .slice(0, -1)
    .reduce<string | Section | undefined>(
      (inner, step) => (typeof inner === "object" ? inner[step] : undefined),
      conf,
    );
  const value = typeof section === "object" ? section[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** The members by name. */
export function nodesOf(conf: Section): Record<string, Section> {
  return childSections(conf, "nodelist", "node");
}

/** The declared links by number. */
export function interfacesOf(conf: Section): Record<string, Section> {
  return childSections(conf, "totem", "interface");
}

function childSections(conf: Section, outer: string, inner: string): Record<string, Section> {
  return Object.fromEntries(
    Object.entries(sectionAt(conf, outer, inner)).flatMap(([name, section]) =>
      typeof section === "object" ? [[name, section]] : [],
    ),
  );
}

/** Which key names an entry of a section that may stand more than once. */
const REPEATED: Readonly<Record<string, readonly string[]>> = {
  node: ["name", "ring0_addr"],
  interface: ["linknumber", "ringnumber"],
};

function parseSection(
  tokens: readonly string[],
  start: number,
  nested: boolean,
): { section: Section; next: number } {
  const section: Section = {};
  let i = start;
  while (i < tokens.length) {
    const token = tokens[i] ?? "";
    if (token === "}") {
      if (!nested) throw new PveError("unexpected '}'");
      return { section, next: i + 1 };
    }
    if (tokens[i + 1] === "{") {
      const inner = parseSection(tokens, i + 2, true);
      addSection(section, token, inner.section);
      i = inner.next;
    } else if (token.endsWith(":")) {
      const value = tokens[i + 1];
      if (value === undefined || value === "}")
        throw new PveError(`missing value for key '${token.slice(0, -1)}'`);
      section[token.slice(0, -1)] = value;
      i += 2;
    } else {
      throw new PveError(`missing ':' after key '${token}'`);
    }
  }
  if (nested) throw new PveError("missing '}' at end of section");
  return { section, next: i };
}

function addSection(section: Section, name: string, inner: Section): void {
  const names = REPEATED[name];
  if (!names) {
    if (section[name] !== undefined)
      throw new PveError(`section '${name}' already exists and not marked as array!`);
    section[name] = inner;
    return;
  }
  const key = names.map((each) => inner[each]).find((value) => typeof value === "string");
  // Without a link number an interface is link 0, as corosync takes it.
  sectionAt(section, name)[typeof key === "string" ? key : "0"] = inner;
}

function formatNamed(name: string, value: string | Section, indent: string): string {
  if (typeof value === "string") return `${indent}${name}: ${value}\n`;
  if (REPEATED[name]) {
    return Object.keys(value)
      .sort()
      .map((key) => formatBlock(name, value[key] ?? {}, indent))
      .join("");
  }
  return formatBlock(name, value, indent);
}

function formatBlock(name: string, value: string | Section, indent: string): string {
  if (typeof value === "string") return `${indent}${name}: ${value}\n`;
  const inner = Object.keys(value)
    .sort()
    .map((key) => formatNamed(key, value[key] ?? {}, `${indent}  `))
    .join("");
  return `${indent}${name} {\n${inner}${indent}}\n`;
}
