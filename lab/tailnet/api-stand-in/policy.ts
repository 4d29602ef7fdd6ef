import { createHash } from "node:crypto";
import { type ParseError, parse } from "jsonc-parser";
import { refuse } from "./refuse.ts";
import type { Asked } from "./server.ts";
import { DEFAULT_POLICY, type TailnetState } from "./state.ts";

/** The policy file: read, validate, write (tailscale.md 4.3). */
export function answerPolicy(asked: Asked, state: TailnetState): Response | undefined {
  const { method, path, body } = asked;
  if (path === "/acl" && method === "GET") return asked.need("policy_file:read") ?? read(asked, state);
  if (path === "/acl" && method === "POST") return asked.need("policy_file") ?? write(asked, state);
  if (path !== "/acl/validate" || method !== "POST") return undefined;
  const fault = faultOf(body);
  // 200, whatever comes of it.
  return asked.need("policy_file") ?? Response.json(fault ? { message: fault } : failedTests(state));
}

function read({ headers }: Asked, state: TailnetState): Response {
  const { policy } = state;
  const asText = headers.get("Accept") === "application/hujson";
  const answer = new Response(asText ? policy : JSON.stringify(parse(policy)), {
    headers: { ETag: etagOf(policy), "Content-Type": asText ? "application/hujson" : "application/json" },
  });
  state.afterPolicyRead?.();
  return answer;
}

function write({ body, headers }: Asked, state: TailnetState): Response {
  const match = headers.get("If-Match");
  const current = [etagOf(state.policy), ...(state.policy === DEFAULT_POLICY ? ['"ts-default"'] : [])];
  if (match !== null && !current.includes(match)) return refuse(412, "precondition failed, invalid old hash");
  const text = body === "" ? DEFAULT_POLICY : body;
  const fault = faultOf(text);
  if (fault) return refuse(400, fault);
  const failed = failedTests(state);
  if (failed.message) return refuse(400, failed.message, { data: failed.data });
  state.policy = text;
  return new Response(text, { headers: { ETag: etagOf(text), "Content-Type": "application/hujson" } });
}

export function etagOf(policy: string): string {
  return `"${createHash("sha256").update(policy).digest("hex")}"`;
}

function failedTests({ failingTests }: TailnetState): { message?: string; data?: unknown } {
  return failingTests.length === 0 ? {} : { message: "test(s) failed", data: failingTests };
}

/** Some of what the hosted service looks at, in its words (tailscale.md 3.6). */
function faultOf(text: string): string | undefined {
  const errors: ParseError[] = [];
  const policy: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) {
    const before = text.slice(0, first.offset).split("\n");
    return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: invalid HuJSON`;
  }
  const owners = Object.keys(objectOf(objectOf(policy).tagOwners));
  for (const rule of [...listOf(objectOf(policy).acls), ...listOf(objectOf(policy).grants)]) {
    const { src, dst } = objectOf(rule);
    for (const [side, words] of [
      ["src", src],
      ["dst", dst],
    ] as const) {
      for (const word of listOf(words)) {
        const [tag] = /^tag:[^:]*/.exec(String(word)) ?? [];
        if (tag !== undefined && !owners.includes(tag)) return `${side}=tag not found: "${tag}"`;
      }
    }
  }
  return undefined;
}

function objectOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" ? Object.fromEntries(Object.entries(value)) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
