import fc from "fast-check";
import type { Features } from "../../../../src/policy/needs.ts";

/** Everything that can be asked for. */
export const FEATURES: Features = {
  tag: "tag:tailmox",
  admins: ["autogroup:admin"],
  migration: true,
  console: true,
  qdevice: undefined,
  service: "svc:tailmox",
};

/** Valid policies as people write them: any rules, any blanks, comments and trailing commas between the tokens. */
export function policyTexts(): fc.Arbitrary<string> {
  return fc
    .tuple(policies(), fc.infiniteStream(gaps()), fc.infiniteStream(fc.boolean()))
    .map(([policy, gap, comma]) => {
      const next = () => gap.next().value ?? "";
      return `${next()}${write(policy, next, () => comma.next().value === true)}${next()}`;
    });
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

function policies(): fc.Arbitrary<Json> {
  const section = fc.record(
    {
      groups: fc.constant({ "group:ops": ["anna@example.com"], "group:empty": [] }),
      hosts: fc.constant({ nas: "192.0.2.7", "pve-1": "100.64.0.1" }),
      tagOwners: fc.dictionary(
        fc.constantFrom("tag:tailmox", "tag:web", "tag:db"),
        fc.constant(["group:ops"]),
      ),
      acls: fc.array(acl(), { maxLength: 4 }),
      grants: fc.array(grant(), { maxLength: 4 }),
      autoApprovers: fc.record(
        { services: fc.dictionary(fc.constantFrom("svc:tailmox", "svc:x"), fc.constant(["tag:tailmox"])) },
        { requiredKeys: [] },
      ),
      tests: fc.constant([{ src: "anna@example.com", accept: ["tag:web:443"] }]),
      ssh: fc.constant([]),
      randomizeClientPort: fc.boolean(),
      // What tailmox does not look into.
      derpMap: fc
        .jsonValue({ maxDepth: 3 })
        .filter((value) => !JSON.stringify(value).includes("__proto__"))
        .map((value): Json => JSON.parse(JSON.stringify(value))),
    },
    { requiredKeys: [] },
  );
  return section.map((policy) => {
    // What rules name must have an owner, or no control server would have taken the policy.
    const used = JSON.stringify(policy).match(/tag:(?:web|db|tailmox)/g) ?? [];
    const owners = {
      ...Object.fromEntries(used.map((tag) => [tag, ["anna@example.com"]])),
      ...policy.tagOwners,
    };
    const whole: Record<string, Json | undefined> =
      used.length > 0 ? { ...policy, tagOwners: owners } : policy;
    if (JSON.stringify(policy).includes("group:ops") && !policy.groups) whole.groups = { "group:ops": [] };
    if (JSON.stringify(policy).includes('"nas') && !policy.hosts) whole.hosts = { nas: "192.0.2.7" };
    return Object.fromEntries(
      Object.entries(whole).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  });
}

const sources = () =>
  fc.subarray(["*", "group:ops", "anna@example.com", "tag:web", "tag:tailmox", "autogroup:member", "nas"], {
    minLength: 1,
  });

const targets = () =>
  fc.constantFrom("*", "tag:web", "tag:db", "tag:tailmox", "nas", "100.64.0.0/10", "192.0.2.0/24");

function acl(): fc.Arbitrary<Json> {
  const ports = fc.constantFrom("*", "22", "80,443", "5405-5412", "8006");
  return fc
    .record({ src: sources(), target: targets(), ports, proto: fc.constantFrom("", "tcp", "udp", "6") })
    .map(({ src, target, ports: open, proto }) => ({
      action: "accept",
      src,
      dst: [`${target}:${open}`],
      proto,
    }));
}

function grant(): fc.Arbitrary<Json> {
  const ip = fc.subarray(["*", "22", "tcp:443", "udp:5405-5412", "icmp:*", "tcp:8006"], { minLength: 1 });
  return fc.record({ src: sources(), dst: targets().map((target) => [target]), ip });
}

/** What may stand between two tokens. */
function gaps(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("", " ", "\n  ", "\t", "\n\n") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(' // why, and "how" {[\n', "/* , */", " // ä 🦆 ]\n    ", "/**/ "),
    },
  );
}

function write(value: Json, gap: () => string, trailing: () => boolean): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const items = isArray
    ? value.map((item: Json) => write(item, gap, trailing))
    : Object.entries(value).map(
        ([name, each]) => `${JSON.stringify(name)}${gap()}:${gap()}${write(each, gap, trailing)}`,
      );
  const inner = items.map((item) => `${gap()}${item}${gap()}`).join(",");
  const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
  return `${open}${inner}${items.length > 0 && trailing() ? "," : ""}${gap()}${close}`;
}
