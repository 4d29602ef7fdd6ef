import type { Policy } from "./policy.ts";
import { parsePrefix } from "./prefix.ts";
import type { Problem } from "./problem.ts";
import { itemsOf, type Node, propertiesOf, propertyOf, stringsOf } from "./text.ts";

type Note = (node: Node, words: string, severity?: Problem["severity"]) => void;

/** Notes every name that is used and not defined, or that cannot stand where it does: servers refuse those. */
export function assertDefined(policy: Policy, root: Node, note: Note): void {
  for (const rule of itemsOf(propertyOf(root, "acls"))) {
    const sources = stringsOf(propertyOf(rule, "src", "users"));
    const targets = stringsOf(propertyOf(rule, "dst", "ports")).map(({ value, node }) => ({
      value: value.replace(/:[^:]*$/, ""),
      node,
    }));
    for (const { value, node } of sources) checkWord(value, node, "src", policy, note);
    for (const { value, node } of targets) checkWord(value, node, "dst", policy, note);
    checkSelf(sources, targets, ["*"], note);
  }
  for (const grant of itemsOf(propertyOf(root, "grants"))) {
    const [sources, targets] = [stringsOf(propertyOf(grant, "src")), stringsOf(propertyOf(grant, "dst"))];
    for (const { value, node } of sources) checkWord(value, node, "src", policy, note);
    for (const { value, node } of targets) {
      checkWord(value, node, "dst", policy, note);
      if (parsePrefix(value)?.bits === 0) note(node, `dst: "${value}": for all addresses use "*"`);
    }
    for (const { value, node } of stringsOf(propertyOf(grant, "via"))) {
      if (!policy.tagOwners.has(value)) note(node, `via: tag not found: "${value}"`);
    }
    checkSelf(sources, targets, [], note);
  }
  for (const { name, key, value } of propertiesOf(propertyOf(root, "tagowners"))) {
    if (!/^tag:[A-Za-z]/.test(name)) note(key, `"${name}": tag names must start with a letter, after 'tag:'`);
    for (const { value: owner, node } of stringsOf(value)) checkWord(owner, node, "owner", policy, note);
  }
}

function checkWord(word: string, node: Node, side: Side, policy: Policy, note: Note): void {
  const missing = DEFINED.find(([start, defined]) => word.startsWith(start) && !defined(policy).has(word));
  if (missing) note(node, `${side}: ${missing[2]}: "${word}"`);
  else if (word.startsWith("autogroup:")) checkAutogroup(word, node, side, policy, note);
  else if (isHostName(word) && !policy.hosts.has(word)) note(node, `${side}: host not defined: "${word}"`);
}

type Side = "src" | "dst" | "owner";

const DEFINED: readonly (readonly [string, (policy: Policy) => { has(name: string): boolean }, string])[] = [
  ["tag:", ({ tagOwners }) => tagOwners, "tag not found"],
  ["group:", ({ groups }) => groups, "group not defined"],
  ["ipset:", ({ ipsets }) => ipsets, "ipset not defined"],
];

function checkAutogroup(name: string, node: Node, side: Side, { dialect }: Policy, note: Note): void {
  const known = dialect === "headscale" ? HEADSCALE_AUTOGROUPS : HOSTED_AUTOGROUPS;
  const where = known[name];
  if (!where) note(node, `${side}: there is no "${name}"${dialect === "headscale" ? " in headscale" : ""}`);
  else if (!where.includes(side)) note(node, `${side}: "${name}" cannot stand here`);
}

/** autogroup:self means devices of the same user, so that only users may stand on the other side. */
function checkSelf(
  sources: readonly { value: string }[],
  targets: readonly { value: string; node: Node }[],
  alsoAllowed: readonly string[],
  note: Note,
): void {
  const self = targets.find(({ value }) => value === "autogroup:self");
  const fits = (word: string) => /@|^group:|^autogroup:members?$/.test(word) || alsoAllowed.includes(word);
  if (!self || sources.every(({ value }) => fits(value))) return;
  note(self.node, "autogroup:self can only be used with users, groups, or supported autogroups");
}

/** Which autogroup may stand where. Source: headscale 0.29's checks, tailscale.md 8.5, the vendor's list. */
const HEADSCALE_AUTOGROUPS: Readonly<Record<string, readonly Side[]>> = {
  "autogroup:member": ["src", "dst"],
  "autogroup:tagged": ["src", "dst"],
  "autogroup:danger-all": ["src"],
  "autogroup:self": ["dst"],
  "autogroup:internet": ["dst"],
};

const HOSTED_AUTOGROUPS: Readonly<Record<string, readonly Side[]>> = {
  ...HEADSCALE_AUTOGROUPS,
  "autogroup:member": ["src", "dst", "owner"],
  "autogroup:members": ["src", "dst", "owner"],
  "autogroup:owner": ["src", "dst", "owner"],
  "autogroup:admin": ["src", "dst", "owner"],
  "autogroup:it-admin": ["src", "dst", "owner"],
  "autogroup:network-admin": ["src", "dst", "owner"],
  "autogroup:billing-admin": ["src", "dst", "owner"],
  "autogroup:auditor": ["src", "dst", "owner"],
  "autogroup:shared": ["src", "dst"],
};

function isHostName(word: string): boolean {
  return word !== "*" && !/[@:]/.test(word) && !parsePrefix(word);
}
