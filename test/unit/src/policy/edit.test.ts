import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse, visit } from "jsonc-parser";
import { type EditOptions, editPolicy } from "../../../../src/policy/edit.ts";
import { readPolicy } from "../../../../src/policy/policy.ts";
import { printPolicy } from "../../../../src/policy/print.ts";
import { reportOn } from "../../../../src/policy/report.ts";
import { parsePolicyText } from "../../../../src/policy/text.ts";
import { FEATURES, policyTexts } from "./policies.ts";

const OPTIONS: EditOptions = { features: FEATURES, dialect: "hosted", style: undefined, tests: true };

describe("editing a policy", () => {
  test("an empty object gets what tailmox prints, and works", () => {
    const { text } = editPolicy("{}", OPTIONS);
    expect(parse(text)).toEqual(parse(printPolicy(FEATURES, "grants", "hosted")));
    expect(verdict(text)).toBe("works");
  });

  test("what is there stays as it is, to the byte, and the new lines come in its own indentation", () => {
    const { text, added } = editPolicy(OWN, OPTIONS);
    expect(text).toMatchSnapshot();
    expect(added).toContain("members -> members: udp 5405-5412");
    expect(isSubsequence(OWN, text)).toBe(true);
    expect(verdict(text)).toBe("works");
  });

  test("a policy that lets everybody reach everything needs an owner for the tag and the Service, no more rules", () => {
    const open = '{ "acls": [{ "action": "accept", "src": ["*"], "dst": ["*:*"] }] }';
    const { text, added } = editPolicy(open, OPTIONS);
    expect(added.filter((words) => words.includes("members -> members"))).toEqual([]);
    expect(parse(text).tests).not.toContainEqual(expect.objectContaining({ deny: expect.anything() }));
    expect(verdict(text)).toBe("too open");
  });

  test("a comment behind the last entry stays behind it", () => {
    const commented =
      '{\n  "grants": [\n    { "src": ["a@b"], "dst": ["*"], "ip": ["1"] } // the owner\n  ]\n}\n';
    expect(editPolicy(commented, OPTIONS).text).toContain('"ip": ["1"] }, // the owner\n');
  });

  test("a policy of acls gets acls, unless grants are asked for", () => {
    const acls = '{ "tagOwners": {}, "acls": [] }';
    expect(parse(editPolicy(acls, OPTIONS).text)).not.toHaveProperty("grants");
    expect(parse(editPolicy(acls, { ...OPTIONS, style: "grants" }).text)).toHaveProperty("grants");
  });

  test("approval of another tag for the Service is kept, and ours comes beside it", () => {
    const other =
      '{ "autoApprovers": { "services": { "svc:tailmox": ["tag:x"], }, }, "tagOwners": { "tag:x": [] } }';
    const { text } = editPolicy(other, OPTIONS);
    expect(parse(text).autoApprovers.services["svc:tailmox"]).toEqual(["tag:x", "tag:tailmox"]);
  });

  test("headscale gets neither Service nor tests, which it would refuse", () => {
    const features = { ...FEATURES, admins: ["autogroup:member"] };
    const { text } = editPolicy('{ "acls": [] }', { ...OPTIONS, dialect: "headscale", features });
    expect(parse(text)).not.toHaveProperty("autoApprovers");
    expect(parse(text)).not.toHaveProperty("tests");
    expect(readPolicy(parsePolicyText(text), "headscale").problems).toEqual([]);
  });

  test("a section that is null is not overwritten but named, with its line", () => {
    expect(() => editPolicy('{\n "tagOwners": null }', OPTIONS)).toThrow(
      'line 2: "tagOwners" is not an object',
    );
  });

  test("Windows line ends stay the only ones", () => {
    const { text } = editPolicy('{\r\n  "acls": [],\r\n}\r\n', OPTIONS);
    expect(text.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("for any HuJSON an edit only puts text in, the result works, and a second edit finds nothing to do", () => {
    fc.assert(
      fc.property(policyTexts(), fc.boolean(), (old, tests) => {
        const { text } = editPolicy(old, { ...OPTIONS, tests });
        expect(isSubsequence(old, text)).toBe(true);
        expect(commentsOf(text).filter((comment) => !commentsOf(OUR_COMMENTS).includes(comment))).toEqual(
          commentsOf(old),
        );
        expect(["works", "too open"]).toContain(verdict(text));
        expect(keepsAll(parsed(old), parsed(text))).toBe(true);
        expect(editPolicy(text, { ...OPTIONS, tests })).toEqual({ text, added: [] });
      }),
      { numRuns: 400 },
    );
  });
});

const OUR_COMMENTS = printPolicy({ ...FEATURES, qdevice: "192.0.2.1" }, "grants", "hosted");

const OWN = `// Our tailnet.
{
	"groups": { "group:ops": ["anna@example.com"], }, // on call
	/* owners */
	"tagOwners": {
		"tag:web": ["group:ops"]
	},
	"acls": [
		// the shop
		{ "action": "accept", "src": ["group:ops"], "dst": ["tag:web:443"] } // https only
		// nothing below
	],
	"ssh": [],
}
`;

function verdict(text: string): string {
  return reportOn(readPolicy(parsePolicyText(text), "hosted"), FEATURES).verdict;
}

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole)
    if (character === part.slice(at, at + character.length)) at += character.length;
  return at === part.length;
}

function commentsOf(text: string): string[] {
  const comments: string[] = [];
  visit(text, {
    onComment: (offset, length) => void comments.push(text.slice(offset, offset + length).trim()),
  });
  return comments;
}

function parsed(text: string): unknown {
  return parse(text, [], { allowTrailingComma: true });
}

/** Whether everything of `old` is in `now`, in its order: objects have more names, arrays more items at their end. */
function keepsAll(old: unknown, now: unknown): boolean {
  if (Array.isArray(old)) return Array.isArray(now) && old.every((item, index) => keepsAll(item, now[index]));
  if (old === null || typeof old !== "object") return old === now;
  if (now === null || typeof now !== "object") return false;
  const names = Object.keys(old);
  const values = new Map(Object.entries(now));
  const inOrder = Object.keys(now).filter((name) => names.includes(name));
  return (
    inOrder.join("\n") === names.join("\n") &&
    Object.entries(old).every(([name, value]) => keepsAll(value, values.get(name)))
  );
}
