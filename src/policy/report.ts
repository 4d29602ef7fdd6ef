import { type Answer, accessBy, type Crossing, crossingsOf } from "./access.ts";
import type { Device } from "./device.ts";
import { type Excess, excessOf } from "./excess.ts";
import { type Features, type Need, needsOf, needWords } from "./needs.ts";
import type { Policy } from "./policy.ts";
import { type PortRange, rangeWords } from "./ports.ts";
import { parsePrefix } from "./prefix.ts";
import type { Problem } from "./problem.ts";
import { giftWords } from "./words.ts";

/** What a policy means for a cluster. */
export interface PolicyReport {
  /**
   * broken: hosts cannot form a cluster, or the control server would refuse the policy. incomplete: they can, and
   * something else that was asked for is missing. unsure: it turns on facts that the policy does not tell.
   */
  readonly verdict: "works" | "too open" | "unsure" | "incomplete" | "broken";
  readonly needs: readonly NeedReport[];
  /** What is let in that a cluster does not need. */
  readonly excess: readonly Excess[];
  readonly problems: readonly Problem[];
  /** Whether members may offer the Service without an administrator; undefined without Service. */
  readonly serviceApproved: boolean | undefined;
}

export interface NeedReport {
  readonly need: Need;
  readonly answer: Answer;
  /** The lines that give it. */
  readonly lines: readonly number[];
  /** Ports of the need that nothing gives to all who need them. */
  readonly missing: readonly PortRange[];
  /** Why not, or what it turns on; one sentence, empty when the answer is yes. */
  readonly why: string;
}

/** Says whether a policy lets a cluster work. `members`: the hosts as far as they are known; none is no problem. */
export function reportOn(policy: Policy, features: Features, members: readonly Device[] = []): PolicyReport {
  const found = new Map<string, readonly Crossing[]>();
  const crossings = (from: Device, to: Device) => {
    const pair = `${from.name} -> ${to.name}`;
    const known = found.get(pair) ?? crossingsOf(policy, from, to);
    found.set(pair, known);
    return known;
  };
  const needs = needsOf(features).map((need) =>
    reportNeed(policy, need, pairsOf(need, features, members), crossings),
  );
  const excess = excessOf(policy, features, members);
  const { service, tag } = features;
  return {
    verdict: verdictOf(needs, excess, policy),
    needs,
    excess,
    problems: policy.problems,
    serviceApproved:
      service === undefined ? undefined : (policy.serviceApprovers.get(service) ?? []).includes(tag),
  };
}

function verdictOf(
  needs: readonly NeedReport[],
  excess: readonly Excess[],
  { problems }: Policy,
): PolicyReport["verdict"] {
  const core = needs.filter(({ need }) => need.essential);
  const has = (of: readonly NeedReport[], wanted: Answer) => of.some(({ answer }) => answer === wanted);
  if (has(core, "no") || problems.some(({ severity }) => severity === "refused")) return "broken";
  if (has(needs, "no")) return "incomplete";
  if (has(core, "maybe")) return "unsure";
  return excess.some(({ level }) => level !== "spare") ? "too open" : "works";
}

/** The devices that stand for the two sides of a need. Without known members two of them stand for all. */
function pairsOf({ from, to }: Need, features: Features, members: readonly Device[]): [Device, Device][] {
  const { tag, admins, qdevice = "", service = "" } = features;
  const [one, other] = [
    { name: "a member", tags: [tag] },
    { name: "another member", tags: [tag] },
  ];
  const hosts = members.length > 0 ? members : [one];
  const sources = from === "members" ? hosts : admins.map(adminDevice);
  const address = parsePrefix(qdevice);
  const targets = {
    members: from === "members" && members.length === 0 ? [other] : hosts,
    qdevice: [
      { name: qdevice, tags: qdevice.startsWith("tag:") ? [qdevice] : [], ...(address && { address }) },
    ],
    service: [{ name: service, tags: [], service }],
  }[to];
  return sources.flatMap((source) =>
    targets.filter((target) => target !== source).map((target): [Device, Device] => [source, target]),
  );
}

/** A device that a word of the policy describes, and of which nothing else is known. */
export function adminDevice(word: string): Device {
  if (word.startsWith("tag:")) return { name: word, tags: [word] };
  const address = parsePrefix(word);
  return {
    name: word,
    tags: [],
    is: [word],
    ...(word.includes("@") && { user: word }),
    ...(address && { address }),
  };
}

function reportNeed(
  policy: Policy,
  need: Need,
  pairs: readonly [Device, Device][],
  crossingsBetween: (from: Device, to: Device) => readonly Crossing[],
): NeedReport {
  const { first, last } = need.protocol === "icmp" ? { first: 0, last: 0 } : need.ports;
  const lines = new Set<number>();
  const missing: PortRange[] = [];
  let answer: Answer = "yes";
  let why = "";
  for (const [from, to] of pairs) {
    const crossings = crossingsBetween(from, to);
    const near = crossings.filter(({ gift }) => touches(gift, need));
    for (let port = first; port <= last; port++) {
      const access = accessBy(policy, near, { protocol: need.protocol, port });
      for (const { gift, answer: given } of access.by) if (given === access.answer) lines.add(gift.line);
      if (access.answer === "yes") continue;
      addPort(missing, port);
      if (answer === "yes" || (answer === "maybe" && access.answer === "no")) {
        answer = access.answer;
        why = access.answer === "maybe" ? maybeWords(access.by) : nothingWords(need, from, to, crossings);
      }
    }
  }
  return { need, answer, lines: [...lines].sort((a, b) => a - b), missing, why };
}

/** Whether a gift can have to do with a need at all: of thousands of rules few have. */
function touches({ protocols, ports }: Crossing["gift"], { protocol, ports: needed }: Need): boolean {
  if (protocol === "icmp") return true;
  const number = protocol === "tcp" ? 6 : 17;
  return (
    protocols.includes(number) &&
    ports.some(({ first, last }) => first <= needed.last && needed.first <= last)
  );
}

function maybeWords(by: readonly Crossing[]): string {
  const [first] = by;
  return first ? `line ${first.gift.line} gives it, depending on ${first.why.join(" and ")}` : "";
}

/** What comes nearest: the same two sides on other ports. */
function nothingWords(need: Need, from: Device, to: Device, crossings: readonly Crossing[]): string {
  const sides = `${from.name} -> ${to.name}`;
  if (crossings.length === 0) return `no line lets ${from.name} reach ${to.name} at all`;
  const near = crossings.slice(0, 3).map(({ gift }) => `line ${gift.line} gives ${giftWords(gift)}`);
  return `no line gives ${needWords(need)}; for ${sides} ${near.join(", ")}`;
}

function addPort(ranges: PortRange[], port: number): void {
  if (ranges.some(({ first, last }) => first <= port && port <= last)) return;
  const last = ranges.at(-1);
  if (last && last.last === port - 1) ranges[ranges.length - 1] = { first: last.first, last: port };
  else ranges.push({ first: port, last: port });
}

/** "5409-5412" of the ports that are missing, empty when all are. */
export function missingWords({ need, missing }: NeedReport): string {
  const [only] = missing;
  const all = missing.length === 1 && only?.first === need.ports.first && only.last === need.ports.last;
  return all || need.protocol === "icmp" ? "" : missing.map(rangeWords).join(", ");
}
