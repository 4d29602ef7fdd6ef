import { editPolicy } from "../src/policy/edit.ts";
import type { Features } from "../src/policy/needs.ts";
import { readPolicy } from "../src/policy/policy.ts";
import { reportOn } from "../src/policy/report.ts";
import { parsePolicyText } from "../src/policy/text.ts";

const FEATURES: Features = {
  tag: "tag:tailmox",
  admins: ["autogroup:admin"],
  migration: true,
  console: true,
  qdevice: undefined,
  service: "svc:tailmox",
};

/** How long a policy of 1 MB takes to read, to judge and to edit, for three kinds of policies. */
export async function benchPolicy(): Promise<void> {
  await Promise.resolve();
  for (const [name, text] of POLICIES) {
    const times = Array.from({ length: 5 }, () => measure(text));
    const median = (pick: (each: ReturnType<typeof measure>) => number) =>
      [...times]
        .map(pick)
        .sort((a, b) => a - b)[2]
        ?.toFixed(0);
    console.log(
      `  ${name}: ${(text.length / 1e6).toFixed(2)} MB, read ${median(({ read }) => read)} ms, ` +
        `check in all ${median(({ check }) => check)} ms, edit ${median(({ edit }) => edit)} ms`,
    );
  }
}

function measure(text: string): { read: number; check: number; edit: number } {
  const start = performance.now();
  const policy = readPolicy(parsePolicyText(text), "hosted");
  const read = performance.now() - start;
  reportOn(policy, FEATURES);
  const check = performance.now() - start;
  editPolicy(text, { features: FEATURES, dialect: "hosted", style: undefined, tests: true });
  return { read, check, edit: performance.now() - start - check };
}

const POLICIES: readonly (readonly [string, string])[] = [
  [
    "rules for others",
    policy((n) => acl(`"user${n}@example.com", "10.${n % 250}.0.0/16"`, `"tag:web:${(n % 60_000) + 1}"`)),
  ],
  [
    "rules for members",
    policy((n) => acl(`"tag:tailmox", "user${n}@example.com"`, `"tag:tailmox:${(n % 60_000) + 1},80-90"`)),
  ],
  ["groups", policy((n) => acl(`"group:g${n % 100}", "autogroup:member"`, `"*:${(n % 60_000) + 1}"`))],
];

function acl(sources: string, targets: string): string {
  return `{ "action": "accept", "src": [${sources}], "dst": [${targets}] }, // as was agreed with them`;
}

function policy(rule: (n: number) => string): string {
  const groups = Array.from(
    { length: 100 },
    (_, n) => `"group:g${n}": ["anna${n}@example.com", "bob${n}@example.com"]`,
  );
  const head = `{ "tagOwners": { "tag:tailmox": [], "tag:web": [] },\n"groups": { ${groups.join(",\n")} },\n"acls": [\n`;
  const rules: string[] = [];
  for (let size = head.length; size < 1_000_000; size += (rules.at(-1)?.length ?? 0) + 1)
    rules.push(rule(rules.length));
  return `${head}${rules.join("\n")}\n] }`;
}
