import type { Dialect } from "./policy.ts";
import { DEFAULT_PROTOCOLS, hasPorts, type PortRange, parsePorts, protocolNumber } from "./ports.ts";
import type { Problem } from "./problem.ts";
import { parseSelector, type Selector, splitDestination } from "./selector.ts";
import { itemsOf, type Node, propertiesOf, propertyOf, stringsOf } from "./text.ts";

/** One entry of `acls` or `grants`: it only ever gives. */
export interface Rule {
  readonly kind: "acl" | "grant";
  readonly line: number;
  readonly sources: readonly Word[];
  readonly gives: readonly Gift[];
  /** It counts only for devices of a posture, which the policy file does not tell. */
  readonly posture: boolean;
}

/** A word of the file, with what it means and where it stands. */
export interface Word {
  readonly text: string;
  readonly selector: Selector;
  readonly line: number;
}

/** Traffic to one destination. */
export interface Gift {
  readonly to: Word;
  readonly protocols: readonly number[];
  readonly ports: readonly PortRange[];
  /** Where the ports stand. */
  readonly line: number;
}

interface Sections {
  readonly acls: Node | undefined;
  readonly grants: Node | undefined;
  readonly dialect: Dialect;
  readonly posture: Node | undefined;
  lineOf(offset: number): number;
  note(node: Node, words: string, severity?: Problem["severity"]): void;
}

/** The rules of both sections. A rule that cannot be read is noted, and gives nothing. */
export function parseRules(sections: Sections): readonly Rule[] {
  const { acls, grants, note, posture } = sections;
  for (const section of [acls, grants]) {
    if (section && section.type !== "array" && section.type !== "null")
      note(section, "this must be a list of rules");
  }
  const byDefault = stringsOf(posture).length > 0;
  return [
    ...itemsOf(acls).map((node) => aclRule(node, sections, byDefault)),
    ...itemsOf(grants).map((node) => grantRule(node, sections, byDefault)),
  ];
}

function aclRule(node: Node, sections: Sections, posture: boolean): Rule {
  const { note, dialect, lineOf } = sections;
  assertFields(node, sections, dialect === "headscale" ? ACL_FIELDS : [...ACL_FIELDS, ...HOSTED_ACL_FIELDS]);
  const action = propertyOf(node, "action");
  if (action?.value !== "accept") {
    note(
      action ?? node,
      `action: "${String(action?.value ?? "")}" is not a valid action; there is only "accept"`,
    );
  }
  const proto = propertyOf(node, "proto");
  const protocols = aclProtocols(proto, note);
  const gives: Gift[] = [];
  for (const { value, node: where } of stringsOf(propertyOf(node, ...destinationNames(dialect)))) {
    const parts = splitDestination(value);
    if (!parts) {
      note(where, `"${value}" has no port after a colon`);
      continue;
    }
    const ports = parsePorts(parts.ports);
    if (typeof ports === "string") note(where, `"${value}": ${ports}`);
    else if (protocols.length === 1 && !protocols.some(hasPorts) && ports.some(isPart)) {
      note(where, `"${value}": the protocol "${String(proto?.value)}" has no ports, only "*" is allowed`);
    } else {
      const line = lineOf(where.offset);
      gives.push({ to: wordOf(parts.target, line), protocols, ports, line });
    }
  }
  return { ...common(node, sections, posture), kind: "acl", gives };
}

function grantRule(node: Node, sections: Sections, posture: boolean): Rule {
  const { note, dialect, lineOf } = sections;
  assertFields(node, sections, dialect === "headscale" ? GRANT_FIELDS : [...GRANT_FIELDS, "srcposture"]);
  const ip = stringsOf(propertyOf(node, "ip"));
  if (ip.length === 0 && propertiesOf(propertyOf(node, "app")).length === 0) {
    note(node, "ip and app can not both be empty");
  }
  assertCapabilities(node, note);
  const traffic = ip.flatMap(({ value, node: where }) => {
    const read = grantTraffic(value);
    if (typeof read !== "string") return [{ ...read, line: lineOf(where.offset) }];
    note(where, read);
    return [];
  });
  // A grant by way of a router reaches the networks behind it, never the devices themselves.
  const via = stringsOf(propertyOf(node, "via")).length > 0;
  const targets = stringsOf(propertyOf(node, "dst")).map((each) =>
    wordOf(each.value, lineOf(each.node.offset)),
  );
  const gives = via ? [] : traffic.flatMap((each) => targets.map((to) => ({ to, ...each })));
  return { ...common(node, sections, posture), kind: "grant", gives };
}

/** Capabilities are domain/path; some are the control server's own. Source: the hosted service's refusals. */
function assertCapabilities(node: Node, note: Sections["note"]): void {
  const capabilities = propertiesOf(propertyOf(node, "app"));
  for (const { name, key } of capabilities) {
    if (name.includes("://")) note(key, `app: "${name}" does not have the form domain/path`);
    else if (OWN_CAPABILITIES.test(name)) note(key, `app: "${name}" is not for policies`);
  }
  const internet = stringsOf(propertyOf(node, "dst")).find(({ value }) => value === "autogroup:internet");
  if (capabilities.length > 0 && internet) note(internet.node, "app cannot be given to autogroup:internet");
}

const OWN_CAPABILITIES = /^tailscale\.com\/cap\/(?:funnel|ingress|relay-target|drive-sharer)$/;

function common(node: Node, { lineOf, dialect }: Sections, posture: boolean): Omit<Rule, "kind" | "gives"> {
  const sources = stringsOf(propertyOf(node, ...(dialect === "headscale" ? ["src"] : ["src", "users"])));
  return {
    line: lineOf(node.offset),
    sources: sources.map(({ value, node: where }) => wordOf(value, lineOf(where.offset))),
    posture: posture || stringsOf(propertyOf(node, "srcposture")).length > 0,
  };
}

/** Names are taken in any case, and numbers; absent means the four usual ones. */
function aclProtocols(node: Node | undefined, note: Sections["note"]): readonly number[] {
  const name = String(node?.value ?? "").toLowerCase();
  if (!node || name === "") return DEFAULT_PROTOCOLS;
  const number = protocolNumber(name);
  if (number !== undefined) return [number];
  note(node, `"${name}" is no protocol`);
  return [];
}

/** "*", "22", "tcp:22,443", "icmp:*". */
function grantTraffic(text: string): { protocols: readonly number[]; ports: readonly PortRange[] } | string {
  const [protocol = "", portText, ...more] = text.split(":");
  if (more.length > 0) return `"${text}" has more than one colon`;
  const number = portText === undefined ? undefined : protocolNumber(protocol);
  if (portText !== undefined && number === undefined) return `"${text}": "${protocol}" is no protocol`;
  const ports = parsePorts(portText ?? protocol);
  if (typeof ports === "string") return `"${text}": ${ports}`;
  return { protocols: number === undefined ? DEFAULT_PROTOCOLS : [number], ports };
}

function wordOf(text: string, line: number): Word {
  return { text, selector: parseSelector(text), line };
}

function isPart({ first, last }: PortRange): boolean {
  return first !== 0 || last !== 65_535;
}

/** Older policies say `users` and `ports`; the hosted service still takes them. */
function destinationNames(dialect: Dialect): readonly string[] {
  return dialect === "headscale" ? ["dst"] : ["dst", "ports"];
}

function assertFields(node: Node, { note, dialect }: Sections, known: readonly string[]): void {
  for (const { name, key } of propertiesOf(node)) {
    if (known.includes(name.toLowerCase()) || name.startsWith("#")) continue;
    if (dialect === "headscale") note(key, `headscale does not know "${name}" in a rule`);
    else note(key, `tailmox does not know "${name}" in a rule`, "note");
  }
}

const ACL_FIELDS = ["action", "src", "dst", "proto"];
const HOSTED_ACL_FIELDS = ["users", "ports", "srcposture"];
const GRANT_FIELDS = ["src", "dst", "ip", "app", "via"];
