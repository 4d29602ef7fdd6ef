import { expect, test } from "bun:test";
import { isIPv4 } from "node:net";
import { accessOf, type Traffic } from "../../../src/policy/access.ts";
import { readPolicy } from "../../../src/policy/policy.ts";
import { parsePrefix } from "../../../src/policy/prefix.ts";
import { parsePolicyText } from "../../../src/policy/text.ts";
import { describeLab } from "../../lab-only.ts";
import { type FilterRule, type RecordedNode, type Recording, recordings } from "./recorded.ts";

/** Ports of a cluster, and of nobody in particular. */
const TRAFFIC: readonly Traffic[] = [
  ...[22, 80, 443, 3128, 5900, 8006, 8080, 60_000, 5432].map((port) => ({ protocol: "tcp" as const, port })),
  ...[53, 5405, 5412, 41_641].map((port) => ({ protocol: "udp" as const, port })),
  { protocol: "icmp", port: 0 },
];

describeLab("policies that the hosted service was given, and the packet filters it made of them", () => {
  for (const kind of ["acl", "grant"] as const) {
    test(`every recorded ${kind} policy lets pass what the recorded filters let pass, and nothing else`, async () => {
      const all = await recordings(kind);
      const taken = all.filter(({ refused }) => refused === undefined);
      expect(taken.length).toBeGreaterThan(190);
      let asked = 0;
      let passed = 0;
      const different: string[] = [];
      for (const recording of taken) {
        const { questions, yes, wrong } = compare(recording);
        asked += questions;
        passed += yes;
        different.push(...wrong);
      }
      console.log(
        `${kind}: ${taken.length} policies, ${asked} questions, ${passed} really yes, ${different.length} answered otherwise`,
      );
      expect(passed).toBeGreaterThan(5_000);
      expect(different.slice(0, 20)).toEqual([]);
    });

    test(`no ${kind} policy that was taken is said to be refused`, async () => {
      const taken = (await recordings(kind)).filter(({ refused }) => refused === undefined);
      const wrong = taken.flatMap(({ name, policy }) => refusals(policy).map((words) => `${name}: ${words}`));
      expect(wrong).toEqual([]);
    });

    test(`every ${kind} policy that was refused is said to be refused`, async () => {
      const refused = (await recordings(kind)).filter((each) => each.refused !== undefined);
      expect(refused.length).toBeGreaterThan(10);
      const missed = refused.filter(({ policy }) => refusals(policy).length === 0);
      expect(missed.map(({ name, refused: why }) => `${name}: ${why}`)).toEqual([]);
    });
  }
});

function refusals(policy: string): string[] {
  return readPolicy(parsePolicyText(policy), "hosted")
    .problems.filter(({ severity }) => severity === "refused")
    .map(({ line, words }) => `line ${line}: ${words}`);
}

function compare({ name, policy, nodes }: Recording): { questions: number; yes: number; wrong: string[] } {
  const read = readPolicy(parsePolicyText(policy), "hosted");
  const wrong: string[] = [];
  let questions = 0;
  let yes = 0;
  for (const to of nodes) {
    for (const from of nodes) {
      if (to === from || to.filter === undefined) continue;
      for (const traffic of TRAFFIC) {
        questions += 1;
        const { answer } = accessOf(read, deviceOf(from), deviceOf(to), traffic);
        const real = passes(to.filter, from.address, to.address, traffic) ? "yes" : "no";
        if (real === "yes") yes += 1;
        if (answer !== real) {
          wrong.push(
            `${name}: ${from.name} -> ${to.name} ${traffic.protocol} ${traffic.port}: ${answer}, really ${real}`,
          );
        }
      }
    }
  }
  return { questions, yes, wrong };
}

function deviceOf({ name, tags, user, address }: RecordedNode) {
  const prefix = parsePrefix(address);
  return {
    name,
    tags,
    ...(user !== undefined && { user }),
    ...(prefix && { address: prefix }),
  };
}

/** What the client's packet filter does, written after its source (wgengine/filter), independently of src/policy. */
function passes(
  filter: readonly FilterRule[],
  from: string,
  to: string,
  { protocol, port }: Traffic,
): boolean {
  return filter.some(({ sources, protocols, targets }) => {
    const number = { tcp: 6, udp: 17, icmp: 1 }[protocol];
    const fits = protocol === "icmp" || protocols.length === 0 || protocols.includes(number);
    return (
      fits &&
      sources.some((source) => contains(source, from)) &&
      targets.some(
        ({ address, first, last }) =>
          contains(address, to) && (protocol === "icmp" || (first <= port && port <= last)),
      )
    );
  });
}

function contains(set: string, address: string): boolean {
  if (set === "*") return true;
  if (set.includes(":")) return false;
  const number = asNumber(address);
  const [low = "", high] = set.split("-");
  if (high !== undefined) return asNumber(low) <= number && number <= asNumber(high);
  const [base = "", bits = "32"] = set.split("/");
  if (!isIPv4(base)) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(asNumber(base) / size) === Math.floor(number / size);
}

function asNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
