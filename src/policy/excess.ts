import { crossingsOf } from "./access.ts";
import type { Device } from "./device.ts";
import { type Features, type Need, needsOf } from "./needs.ts";
import type { Policy } from "./policy.ts";
import type { PortRange } from "./ports.ts";
import type { Gift, Rule, Word } from "./rules.ts";
import { giftWords } from "./words.ts";

/** Something that a policy lets in and a cluster does not need. */
export interface Excess {
  readonly line: number;
  /** The word of the source: "*", "group:dev", "tag:tailmox". */
  readonly who: string;
  /** The word of the destination, which means members, perhaps among others. */
  readonly to: string;
  /** What it may do, in words. */
  readonly what: string;
  /**
   * danger: others than members reach more than the web page. web: others than the named administrators reach the
   * web page, where they need a password. spare: members reach more of each other than they need.
   */
  readonly level: "danger" | "web" | "spare";
}

/** Who else gets at the members, or gets more than is needed, rule by rule. */
export function excessOf(policy: Policy, features: Features, members: readonly Device[]): readonly Excess[] {
  if (!policy.hasRules && policy.dialect === "headscale") {
    return [
      { line: 1, who: "*", to: "*", what: "everything, since there are no rules at all", level: "danger" },
    ];
  }
  const needs = needsOf(features);
  const targets = members.length > 0 ? members : [{ name: "a member", tags: [features.tag] }];
  return policy.rules.flatMap((rule) => {
    const gifts = rule.gives.filter((gift) => targets.some((to) => reaches(policy, gift, to)));
    return rule.sources.flatMap((source) => gifts.flatMap((gift) => judge(source, gift, features, needs)));
  });
}

/** Whether the destination of a gift is this member for sure, whoever asks. */
function reaches(policy: Policy, gift: Gift, to: Device): boolean {
  const anybody = { kind: "everybody" } as const;
  const rule: Rule = {
    kind: "grant",
    line: 0,
    sources: [{ text: "*", selector: anybody, line: 0 }],
    gives: [gift],
    posture: false,
  };
  const from = { name: "anybody", tags: [], user: "" };
  return crossingsOf({ ...policy, rules: [rule], hasRules: true }, from, to).some(
    ({ answer }) => answer === "yes",
  );
}

function judge(source: Word, gift: Gift, features: Features, needs: readonly Need[]): Excess[] {
  const { tag, admins } = features;
  const own = source.text === tag;
  const allowed = needs.filter(
    ({ from, to }) =>
      to === "members" && (own ? from === "members" : from === "admins" && admins.includes(source.text)),
  );
  if (isWithin(gift, allowed)) return [];
  const level = own ? "spare" : isWithin(gift, WEB_PAGE) ? "web" : "danger";
  return [{ line: gift.line, who: source.text, to: gift.to.text, what: giftWords(gift), level }];
}

/** Whether the needs allow all that a rule gives. Ping comes with every rule (tailscale.md 3.4). */
function isWithin({ protocols, ports }: Gift, needs: readonly Pick<Need, "protocol" | "ports">[]): boolean {
  return protocols.every((protocol) => {
    if (protocol === 1 || protocol === 58) return needs.length > 0;
    const name = { 6: "tcp", 17: "udp" }[protocol];
    const open = needs.filter((need) => need.protocol === name).map((need) => need.ports);
    return ports.every((range) => isCovered(range, open));
  });
}

function isCovered({ first, last }: PortRange, open: readonly PortRange[]): boolean {
  let next = first;
  for (const range of [...open].sort((a, b) => a.first - b.first)) {
    if (range.first <= next && range.last >= next) next = range.last + 1;
  }
  return next > last;
}

const WEB_PAGE: readonly Pick<Need, "protocol" | "ports">[] = [443, 8006].map((port) => ({
  protocol: "tcp",
  ports: { first: port, last: port },
}));
