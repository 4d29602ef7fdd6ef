import { parseAddressSets } from "./address-sets.ts";
import { type Prefix, parsePrefix } from "./prefix.ts";
import type { Problem } from "./problem.ts";
import { parseRules, type Rule } from "./rules.ts";
import { type Node, type PolicyText, propertiesOf, propertyOf, stringsOf } from "./text.ts";
import { assertDefined } from "./undefined-names.ts";

/** Whose policy it is: they differ in what they know (tailscale.md 8.5). */
export type Dialect = "hosted" | "headscale";

/** A policy file as far as it decides who reaches whom. */
export interface Policy {
  readonly dialect: Dialect;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly hosts: ReadonlyMap<string, Prefix>;
  readonly ipsets: ReadonlyMap<string, readonly string[]>;
  readonly tagOwners: ReadonlyMap<string, readonly string[]>;
  /** Who may offer a Service without an administrator's approval. */
  readonly serviceApprovers: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly Rule[];
  /** false: neither `acls` nor `grants` is there, not even empty. */
  readonly hasRules: boolean;
  /** What the control server would refuse, and what tailmox does not understand, by line. */
  readonly problems: readonly Problem[];
}

/** Reads a policy. Does not throw for what is wrong inside: that is in `problems`. */
export function readPolicy(source: PolicyText, dialect: Dialect): Policy {
  const { root, lineOf } = source;
  const problems: Problem[] = [];
  const note = (node: Node, words: string, severity: Problem["severity"] = "refused") =>
    problems.push({ line: lineOf(node.offset), words, severity });

  for (const { name, key } of propertiesOf(root)) {
    const known = name.toLowerCase();
    if (dialect === "headscale" && !HEADSCALE_SECTIONS.has(known))
      note(key, `headscale does not know "${name}"`);
    else if (!SECTIONS.has(known)) note(key, `tailmox does not know the section "${name}"`, "note");
  }
  const approvers = propertyOf(root, "autoapprovers");
  const services = propertyOf(approvers, "services");
  if (services && dialect === "headscale") note(services, 'headscale does not know "autoApprovers.services"');

  const groups = namedLists(propertyOf(root, "groups"));
  const hosts = new Map<string, Prefix>();
  for (const { name, value } of propertiesOf(propertyOf(root, "hosts"))) {
    const prefix = typeof value.value === "string" ? parsePrefix(value.value) : undefined;
    if (prefix) hosts.set(name, prefix);
    else note(value, `the host "${name}" has no valid address`);
  }
  const tagOwners = namedLists(propertyOf(root, "tagowners"));
  const acls = propertyOf(root, "acls");
  const grants = propertyOf(root, "grants");
  const rules = parseRules({
    acls,
    grants,
    dialect,
    lineOf,
    note,
    posture: propertyOf(root, "defaultsrcposture"),
  });
  const policy: Policy = {
    dialect,
    groups,
    hosts,
    ipsets: parseAddressSets(propertyOf(root, "ipsets")),
    tagOwners,
    serviceApprovers: namedLists(services),
    rules,
    hasRules: [acls, grants].some((section) => section !== undefined && section.type !== "null"),
    problems,
  };
  assertDefined(policy, root, note);
  problems.sort((a, b) => a.line - b.line);
  return policy;
}

function namedLists(node: Node | undefined): Map<string, readonly string[]> {
  return new Map(
    propertiesOf(node).map(({ name, value }) => [name, stringsOf(value).map((each) => each.value)]),
  );
}

const HEADSCALE_SECTIONS = new Set([
  ...["groups", "hosts", "tagowners", "acls", "grants", "nodeattrs", "autoapprovers", "ssh", "tests"],
  ...["sshtests", "randomizeclientport"],
]);

const SECTIONS = new Set([
  ...HEADSCALE_SECTIONS,
  ...["ipsets", "postures", "defaultsrcposture", "derpmap", "disableipv4", "onecgnatroute"],
]);
