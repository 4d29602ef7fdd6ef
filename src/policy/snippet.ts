import { type Features, grantWord, type Need, needsOf } from "./needs.ts";
import type { Dialect } from "./policy.ts";
import { rangeWords } from "./ports.ts";

/** The two ways to write a rule; both can stand in one policy. */
export type Style = "grants" | "acls";

/** One entry of a list in a policy, as lines, without a comma at its end. */
export type Entry = readonly string[];

/** The parts of the least policy for these features. Who needs only some of them takes those. */
export interface Parts {
  /** Properties of `tagOwners`, by tag. */
  readonly owners: Readonly<Record<string, Entry>>;
  readonly rules: readonly Entry[];
  /** Property of `autoApprovers.services`; undefined without Service, and for headscale. */
  readonly approver: Entry | undefined;
  readonly tests: readonly Entry[];
}

/** The rules that these needs ask for: one for each pair of sides. */
export function rulesFor(needs: readonly Need[], features: Features, style: Style): readonly Entry[] {
  const sides = [...new Set(needs.map(({ from, to }) => `${from} ${to}`))];
  return sides.flatMap((side) => {
    const of = needs.filter(({ from, to }) => `${from} ${to}` === side);
    const [first] = of;
    if (!first) return [];
    const [sources, target] = [sourcesOf(first, features), targetOf(first, features)];
    return style === "grants" ? [grant(sources, target, of)] : aclsOf(sources, target, of);
  });
}

/** Policy tests that prove the needs, and that nobody else gets at corosync (tailscale.md 3.5). */
export function testsFor(
  needs: readonly Need[],
  features: Features,
  stranger: string | undefined,
): readonly Entry[] {
  const { tag, admins } = features;
  const accept = (from: string, protocol: string, targets: readonly string[]): Entry[] =>
    targets.length === 0 ? [] : [test(from, protocol, "accept", targets)];
  const ports = (from: Need["from"], protocol: string) =>
    needs
      .filter((need) => need.from === from && need.to === "members" && need.protocol === protocol)
      .flatMap(({ ports: { first, last } }) => (first === last ? [first] : [first, last]))
      .map((port) => `${tag}:${port}`);
  return [
    ...accept(tag, "tcp", ports("members", "tcp")),
    ...accept(tag, "udp", ports("members", "udp")),
    // Whether the roles of administrators can be the source of a test is nowhere written.
    ...admins
      .filter((admin) => !admin.startsWith("autogroup:"))
      .flatMap((admin) => accept(admin, "tcp", ports("admins", "tcp"))),
    ...(stranger === undefined
      ? []
      : [
          test(stranger, "tcp", "deny", [`${tag}:22`]),
          test(stranger, "udp", "deny", [`${tag}:5405`, `${tag}:5412`]),
        ]),
  ];
}

/** Everything that a cluster with these features needs. */
export function partsFor(features: Features, style: Style, dialect: Dialect): Parts {
  const needs = needsOf(features);
  const { tag, service, qdevice } = features;
  const owners = dialect === "headscale" ? "[]" : '["autogroup:admin", "autogroup:owner"]';
  const tags = [tag, ...(qdevice?.startsWith("tag:") ? [qdevice] : [])];
  return {
    owners: Object.fromEntries(tags.map((each) => [each, [`"${each}": ${owners}`]])),
    rules: rulesFor(needs, features, style),
    approver: service === undefined || dialect === "headscale" ? undefined : [`"${service}": ["${tag}"]`],
    // headscale asks for devices behind every name of a test: a tailnet without them could take no policy.
    tests: dialect === "headscale" ? [] : testsFor(needs, features, strangerOf(features)),
  };
}

/** A source that must not get at the cluster: members of the tailnet, unless they are the administrators. */
export function strangerOf({ admins }: Features): string | undefined {
  return admins.includes("autogroup:member") || admins.includes("*") ? undefined : "autogroup:member";
}

function grant(sources: readonly string[], target: string, needs: readonly Need[]): Entry {
  const words = needs.map((need) => `"${grantWord(need)}",`);
  const width = Math.max(...words.map((word) => word.length));
  return [
    `{ "src": ${list(sources)}, "dst": ["${target}"], "ip": [`,
    ...needs.map(({ why }, index) => `  ${(words[index] ?? "").padEnd(width)} // ${why}`),
    "] }",
  ];
}

/** An acl has one protocol: the ports of each make an entry. */
function aclsOf(sources: readonly string[], target: string, needs: readonly Need[]): Entry[] {
  return [...new Set(needs.map(({ protocol }) => protocol))].map((protocol) => {
    const of = needs.filter((need) => need.protocol === protocol);
    const words = of.map(({ ports }) => `"${target}:${protocol === "icmp" ? "*" : rangeWords(ports)}",`);
    const width = Math.max(...words.map((word) => word.length));
    return [
      `{ "action": "accept", "proto": "${protocol}", "src": ${list(sources)}, "dst": [`,
      ...of.map(({ why }, index) => `  ${(words[index] ?? "").padEnd(width)} // ${why}`),
      "] }",
    ];
  });
}

function sourcesOf({ from }: Need, { tag, admins }: Features): readonly string[] {
  return from === "members" ? [tag] : admins;
}

function targetOf({ to }: Need, { tag, qdevice, service }: Features): string {
  return { members: tag, qdevice: qdevice ?? "", service: service ?? "" }[to];
}

function test(from: string, protocol: string, verb: "accept" | "deny", targets: readonly string[]): Entry {
  const start = `{ "src": "${from}", "proto": "${protocol}", "${verb}": [`;
  const words = targets.map((target) => `"${target}"`);
  if (words.length < 4) return [`${start}${words.join(", ")}] }`];
  const rows = Array.from({ length: Math.ceil(words.length / 4) }, (_, row) =>
    words.slice(4 * row, 4 * row + 4),
  );
  return [start, ...rows.map((row) => `  ${row.join(", ")},`), "] }"];
}

function list(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;
}
