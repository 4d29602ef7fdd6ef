import { UserError } from "../errors.ts";
import { accessOf } from "./access.ts";
import { appendEntries, appendWord, type Insertion, insertAll } from "./insert.ts";
import { type Features, needsOf, needWords } from "./needs.ts";
import { type Dialect, type Policy, readPolicy } from "./policy.ts";
import { adminDevice, reportOn } from "./report.ts";
import { type Entry, partsFor, rulesFor, type Style, strangerOf, testsFor } from "./snippet.ts";
import { itemsOf, type Node, type PolicyText, parsePolicyText, propertyOf, stringsOf } from "./text.ts";

export interface EditOptions {
  readonly features: Features;
  readonly dialect: Dialect;
  /** Default: the one that the policy uses. */
  readonly style: Style | undefined;
  /** Adds policy tests, too. */
  readonly tests: boolean;
}

export interface PolicyEdit {
  /** The whole new text; the same as the old when nothing is missing. */
  readonly text: string;
  /** What was put in, in words. */
  readonly added: readonly string[];
}

/**
 * Puts what a cluster lacks into a policy, and leaves every other byte as it is: text is only ever put in. Throws
 * E_POLICY_SYNTAX for text that does not parse, E_POLICY_REFUSED when a section is not of the form it should be.
 */
export function editPolicy(text: string, options: EditOptions): PolicyEdit {
  const rules = addRules(text, options);
  const tests = options.tests ? addTests(rules.text, options) : { text: rules.text, added: [] };
  return { text: tests.text, added: [...rules.added, ...tests.added] };
}

function addRules(text: string, { features, dialect, style: asked }: EditOptions): PolicyEdit {
  const source = parsePolicyText(text);
  const policy = readPolicy(source, dialect);
  const style = asked ?? usedStyle(source);
  const parts = partsFor(features, style, dialect);
  const lacking = reportOn(policy, features)
    .needs.filter(({ answer }) => answer !== "yes")
    .map(({ need }) => need);
  const owners = Object.entries(parts.owners).filter(([tag]) => !policy.tagOwners.has(tag));
  const places = [
    inSection(
      source,
      "tagOwners",
      "object",
      owners.map(([, entry]) => entry),
    ),
    inSection(source, style, "array", rulesFor(lacking, features, style)),
    ...(parts.approver ? [approve(source, policy, features, parts.approver)] : []),
  ];
  return {
    text: putIn(source, places),
    added: [
      ...owners.map(([tag]) => `owner of ${tag}`),
      ...lacking.map((need) => `${need.from} -> ${need.to}: ${needWords(need)}`),
      ...(parts.approver && !isApproved(policy, features)
        ? [`${features.service} approved for ${features.tag}`]
        : []),
    ],
  };
}

/** Only tests that hold: a policy that lets everybody in is not made to fail its own tests. */
function addTests(text: string, { features, dialect }: EditOptions): PolicyEdit {
  if (dialect === "headscale") return { text, added: [] };
  const source = parsePolicyText(text);
  const policy = readPolicy(source, dialect);
  const known = knownTests(propertyOf(source.root, "tests"));
  const stranger = strangerOf(features);
  const isOut =
    stranger !== undefined && STRANGE.every((traffic) => isDenied(policy, stranger, features, traffic));
  const tests = testsFor(needsOf(features), features, isOut ? stranger : undefined).filter(
    (entry) => !isKnown(entry, known),
  );
  return {
    text: putIn(source, [inSection(source, "tests", "array", tests)]),
    added: tests.length === 0 ? [] : [`${tests.length} policy tests that prove it`],
  };
}

const STRANGE = [
  { protocol: "tcp", port: 22 },
  { protocol: "udp", port: 5405 },
  { protocol: "udp", port: 5412 },
] as const;

function isDenied(
  policy: Policy,
  who: string,
  { tag }: Features,
  traffic: (typeof STRANGE)[number],
): boolean {
  const member = { name: "a member", tags: [tag] };
  // Somebody of whom nothing else is known: "maybe" means that some of them get in.
  return accessOf(policy, adminDevice(who), member, traffic).answer === "no";
}

/** The style of the rules that are there; grants in a policy without any. */
function usedStyle({ root }: PolicyText): Style {
  const [acls, grants] = [propertyOf(root, "acls"), propertyOf(root, "grants")];
  return acls?.type === "array" && grants?.type !== "array" ? "acls" : "grants";
}

/** Where something goes: into a section that is there, or as a new section of the whole file. */
interface Place {
  readonly insertions: readonly Insertion[];
  readonly newSections: readonly Entry[];
}

function putIn(source: PolicyText, places: readonly Place[]): string {
  const newSections = places.flatMap((place) => place.newSections);
  return insertAll(source.text, [
    ...places.flatMap(({ insertions }) => insertions),
    ...appendEntries(source, source.root, newSections),
  ]);
}

/** Entries at the end of a section of the file, which is made when it is not there. */
function inSection(
  source: PolicyText,
  name: string,
  kind: "array" | "object",
  entries: readonly Entry[],
): Place {
  if (entries.length === 0) return { insertions: [], newSections: [] };
  const section = propertyOf(source.root, name.toLowerCase());
  if (!section) return { insertions: [], newSections: [newSection(name, kind, entries)] };
  return { insertions: intoSection(source, section, name, kind, entries), newSections: [] };
}

/** Throws E_POLICY_REFUSED when the section is not of the form it should be. */
function intoSection(
  source: PolicyText,
  section: Node,
  name: string,
  kind: "array" | "object",
  entries: readonly Entry[],
): readonly Insertion[] {
  if (section.type === kind) return appendEntries(source, section, entries);
  throw new UserError(
    "E_POLICY_REFUSED",
    `line ${source.lineOf(section.offset)}: "${name}" is not ${kind === "array" ? "a list" : "an object"}`,
    {
      likely: "it was emptied with null, or is of an older form",
      mend: `write ${kind === "array" ? "[]" : "{}"}`,
    },
  );
}

function newSection(name: string, kind: "array" | "object", entries: readonly Entry[]): Entry {
  const [open, close] = kind === "array" ? ["[", "]"] : ["{", "}"];
  const inner = entries.flatMap((entry) =>
    entry.map((line, index) => `  ${line}${index === entry.length - 1 ? "," : ""}`),
  );
  return [`"${name}": ${open}`, ...inner, close];
}

/** Lets members offer the Service without an administrator. */
function approve(source: PolicyText, policy: Policy, features: Features, entry: Entry): Place {
  if (isApproved(policy, features)) return { insertions: [], newSections: [] };
  const services = newSection("services", "object", [entry]);
  const approvers = propertyOf(source.root, "autoapprovers");
  if (!approvers) return inSection(source, "autoApprovers", "object", [services]);
  const there = propertyOf(approvers, "services");
  const own = propertyOf(there, features.service ?? "");
  const insertions = !there
    ? intoSection(source, approvers, "autoApprovers", "object", [services])
    : own?.type === "array"
      ? [appendWord(own, features.tag)]
      : intoSection(source, there, "services", "object", [entry]);
  return { insertions, newSections: [] };
}

function isApproved({ serviceApprovers }: Policy, { service, tag }: Features): boolean {
  return service !== undefined && (serviceApprovers.get(service) ?? []).includes(tag);
}

/** Tests that are there, as words to compare: source, protocol, verb and target. */
function knownTests(section: Node | undefined): ReadonlySet<string> {
  return new Set(itemsOf(section).flatMap(testWords));
}

function isKnown(entry: Entry, known: ReadonlySet<string>): boolean {
  return testWords(parsePolicyText(entry.join("\n")).root).every((word) => known.has(word));
}

function testWords(node: Node): string[] {
  const [src, proto] = ["src", "proto"].map((name) => String(propertyOf(node, name)?.value ?? ""));
  return ["accept", "deny"].flatMap((verb) =>
    stringsOf(propertyOf(node, verb)).map(({ value }) => `${src} ${proto} ${verb} ${value}`),
  );
}
