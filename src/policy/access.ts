import type { Device } from "./device.ts";
import type { Policy } from "./policy.ts";
import type { PortRange } from "./ports.ts";
import { covers, type Prefix, parsePrefix, TAILNET_RANGE } from "./prefix.ts";
import type { Gift, Rule, Word } from "./rules.ts";

/** maybe: it turns on something that the policy file alone does not tell. */
export type Answer = "yes" | "maybe" | "no";

/** What a device wants of another. */
export interface Traffic {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** Ignored for icmp. */
  readonly port: number;
}

/** Whether traffic passes, and by which rules. */
export interface Access {
  readonly answer: Answer;
  /** What says yes, or maybe. */
  readonly by: readonly Crossing[];
}

/** A rule's gift that one device has of another, for whatever ports it names. */
export interface Crossing {
  readonly rule: Rule;
  readonly gift: Gift;
  readonly answer: Exclude<Answer, "no">;
  /** What a "maybe" turns on. */
  readonly why: readonly string[];
}

/**
 * Whether a device may begin this traffic to another. Rules only give; no rule means no. A packet filter lets
 * ping through when any rule of any protocol lets the source reach the destination (tailscale.md 3.4).
 */
export function accessOf(policy: Policy, from: Device, to: Device, traffic: Traffic): Access {
  return accessBy(policy, crossingsOf(policy, from, to), traffic);
}

/** The same for one of many questions about the same two devices. */
export function accessBy(policy: Policy, crossings: readonly Crossing[], traffic: Traffic): Access {
  // headscale takes a policy without any rules for "allow all" (tailscale.md 8.5).
  if (!policy.hasRules && policy.dialect === "headscale") return { answer: "yes", by: [] };
  const by = crossings.filter(({ gift }) => includes(gift, traffic));
  return { answer: best(by.map(({ answer }) => answer)), by };
}

/** Everything that lets one device reach another, on any port. */
export function crossingsOf(policy: Policy, from: Device, to: Device): readonly Crossing[] {
  return policy.rules.flatMap((rule) => {
    const source = best(rule.sources.map(({ selector }) => sourceFits(policy, selector, from)));
    if (source === "no") return [];
    return rule.gives.flatMap((gift) => {
      const target = targetFits(policy, gift.to.selector, from, to);
      const answer = worst([source, target, rule.posture ? "maybe" : "yes"]);
      if (answer === "no") return [];
      const why = [
        ...(source === "maybe" ? [`whether ${from.name} is ${quoted(rule.sources)}`] : []),
        ...(target === "maybe" ? [targetWords(to, gift.to)] : []),
        ...(rule.posture ? [`the posture of ${from.name}`] : []),
      ];
      return [{ rule, gift, answer, why }];
    });
  });
}

function targetWords({ name, service }: Device, { text }: Word): string {
  return service === undefined ? `whether ${name} is "${text}"` : `whether "${text}" means Services as well`;
}

function includes({ protocols, ports }: Gift, { protocol, port }: Traffic): boolean {
  if (protocol === "icmp") return protocols.length > 0;
  const number = protocol === "tcp" ? 6 : 17;
  return protocols.includes(number) && ports.some((range) => inRange(range, port));
}

function inRange({ first, last }: PortRange, port: number): boolean {
  return first <= port && port <= last;
}

function sourceFits(policy: Policy, selector: Word["selector"], device: Device): Answer {
  if (selector.kind === "everybody") return "yes";
  if (selector.kind === "autogroup" && selector.name === "autogroup:danger-all") return "yes";
  return fits(policy, selector, device);
}

function targetFits(policy: Policy, selector: Word["selector"], from: Device, to: Device): Answer {
  if (to.service !== undefined) return serviceFits(selector, to.service);
  if (selector.kind === "everybody") return "yes";
  if (selector.kind === "autogroup" && selector.name === "autogroup:self") return sameOwner(from, to);
  return fits(policy, selector, to);
}

/** Whether "*" means Services too is reported both ways (tailscale.md 3.3). */
function serviceFits(selector: Word["selector"], service: string): Answer {
  if (selector.kind === "service") return selector.name === service ? "yes" : "no";
  return selector.kind === "everybody" ? "maybe" : "no";
}

function sameOwner(from: Device, to: Device): Answer {
  if (from.tags.length > 0 || to.tags.length > 0) return "no";
  if (from.user === undefined || to.user === undefined) return "maybe";
  return from.user === to.user ? "yes" : "no";
}

function fits(policy: Policy, selector: Word["selector"], device: Device): Answer {
  switch (selector.kind) {
    case "tag":
      return device.tags.includes(selector.name) ? "yes" : "no";
    case "user":
      return userFits(selector.name, device);
    case "group":
      return groupFits(policy, selector.name, device);
    case "autogroup":
      return autogroupFits(selector.name, device);
    case "host": {
      const prefix = policy.hosts.get(selector.name);
      return prefix ? addressFits(prefix, device) : "no";
    }
    case "prefix":
      return addressFits(selector.prefix, device);
    case "ipset":
      return setFits(policy, selector.name, device, 0);
    case "everybody":
      return "yes";
    case "service":
      return "no";
    case "unknown":
      return "maybe";
  }
}

/** A tagged device belongs to its tags and to no user (tailscale.md 2). */
function userFits(name: string, { tags, user, is = [] }: Device): Answer {
  if (tags.length > 0) return "no";
  if (is.includes(name)) return "yes";
  if (user === undefined) return "maybe";
  const pattern = /^user:\*@(.+)$/.exec(name) ?? /^\*@(.+)$/.exec(name);
  if (pattern) return user.endsWith(`@${pattern[1]}`) ? "yes" : "no";
  // headscale's users without a domain are written "name@".
  return user.replace(/@$/, "") === name.replace(/@$/, "") ? "yes" : "no";
}

function groupFits(policy: Policy, name: string, device: Device): Answer {
  if (device.is?.includes(name)) return "yes";
  return best((policy.groups.get(name) ?? []).map((member) => userFits(member, device)));
}

function autogroupFits(name: string, { tags, is }: Device): Answer {
  if (is?.includes(name)) return "yes";
  const tagged = tags.length > 0;
  if (name === "autogroup:tagged") return tagged ? "yes" : "no";
  if (name === "autogroup:member" || name === "autogroup:members") return tagged ? "no" : "yes";
  if (name === "autogroup:internet" || name === "autogroup:self" || tagged) return "no";
  return "maybe";
}

/** An address of the tailnet is IPv4 here: an IPv6 prefix says nothing about the cluster's links. */
function addressFits(prefix: Prefix, { address }: Device): Answer {
  if (prefix.family === 6) return "no";
  if (address) return covers(prefix, address) ? "yes" : "no";
  if (covers(prefix, TAILNET_RANGE)) return "yes";
  return covers(TAILNET_RANGE, prefix) ? "maybe" : "no";
}

/** Entries of an ipset are added and removed in order; sets within sets are followed a few levels. */
function setFits(policy: Policy, name: string, device: Device, depth: number): Answer {
  let inside: Answer = "no";
  for (const entry of policy.ipsets.get(name) ?? []) {
    const [, verb, word = ""] = /^(?:(add|remove)\s+)?(.*)$/.exec(entry.trim()) ?? [];
    const answer = entryFits(policy, word.replace(/^host:/, ""), device, depth);
    if (verb !== "remove") inside = best([inside, answer]);
    else if (inside !== "no")
      inside = answer === "yes" ? "no" : worst([inside, answer === "no" ? "yes" : "maybe"]);
  }
  return inside;
}

function entryFits(policy: Policy, word: string, device: Device, depth: number): Answer {
  if (word.startsWith("ipset:")) return depth > 5 ? "maybe" : setFits(policy, word, device, depth + 1);
  const prefix = parsePrefix(word) ?? policy.hosts.get(word);
  return prefix ? addressFits(prefix, device) : "maybe";
}

const RANK = { no: 0, maybe: 1, yes: 2 } as const;

function best(answers: readonly Answer[]): Answer {
  return answers.reduce<Answer>((a, b) => (RANK[b] > RANK[a] ? b : a), "no");
}

function worst(answers: readonly Answer[]): Answer {
  return answers.reduce<Answer>((a, b) => (RANK[b] < RANK[a] ? b : a), "yes");
}

function quoted(words: readonly Word[]): string {
  return words.map(({ text }) => `"${text}"`).join(" or ");
}
