import { describe, expect, test } from "bun:test";
import { parsePorts, protocolNumber } from "../../../../src/policy/ports.ts";
import { covers, parsePrefix } from "../../../../src/policy/prefix.ts";
import { parseSelector, splitDestination } from "../../../../src/policy/selector.ts";
import { parsePolicyText } from "../../../../src/policy/text.ts";

describe("text that is no policy", () => {
  for (const [what, text, where] of [
    ["a missing comma", '{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: a comma is expected"],
    ["a missing value", '{\n  "a": }', "line 2, column 8: a value is expected"],
    ["a brace that is left open", '{\n  "a": [1]\n', "a closing brace is expected"],
    ["a comment without end", '{ "a": 1 /* b', "a comment does not end"],
    ["a string without end", '{ "a": "b\n}', "line 1, column 8: a string does not end"],
    ["two values", "{} {}", "line 1, column 4: the file should end here"],
    ["a byte order mark", "\uFEFF{}", "line 1, column 1"],
    ["no object", "[]", "not an object"],
    ["nothing", " \n", "the policy is empty"],
    ["a name twice", '{ "a": 1,\n "a": 2 }', 'line 2, column 2: "a" stands twice'],
    ["single quotes", "{ 'a': 1 }", "line 1, column 3"],
  ] as const) {
    test(`${what} is named with its place`, () => {
      expect(() => parsePolicyText(text)).toThrow(where);
      expect(() => parsePolicyText(text)).toThrow(expect.objectContaining({ code: "E_POLICY_SYNTAX" }));
    });
  }

  test("brackets within brackets without end are refused and do not end the program", () => {
    expect(() => parsePolicyText("[".repeat(500_000))).toThrow(
      expect.objectContaining({ code: "E_POLICY_SYNTAX" }),
    );
  });

  test("comments and commas before a closing bracket are no faults", () => {
    expect(parsePolicyText('// a\n{ "x": [1, /* b */ 2, ], }\n').root.type).toBe("object");
  });
});

describe("words of a policy", () => {
  test("ports are single, in lists and ranges; what is none is named", () => {
    expect(parsePorts("22,80-90")).toEqual([
      { first: 22, last: 22 },
      { first: 80, last: 90 },
    ]);
    expect(parsePorts("*")).toEqual([{ first: 0, last: 65_535 }]);
    for (const wrong of ["", "0", "a", "70000", "9-8", "1-2-3", "22,", "-5"])
      expect(parsePorts(wrong)).toBeString();
  });

  test("protocols have names and numbers", () => {
    expect([protocolNumber("udp"), protocolNumber("17"), protocolNumber("ipv6-icmp")]).toEqual([17, 17, 58]);
    for (const wrong of ["smtp", "0", "06", "256", "*", ""]) expect(protocolNumber(wrong)).toBeUndefined();
  });

  test("an acl's destination is split at its last colon, also after an IPv6 address", () => {
    expect(splitDestination("tag:x:22,80")).toEqual({ target: "tag:x", ports: "22,80" });
    expect(splitDestination("[fd7a::1]:22")).toEqual({ target: "fd7a::1", ports: "22" });
    expect(splitDestination("fd7a::/48:22")).toEqual({ target: "fd7a::/48", ports: "22" });
    expect(splitDestination("pve1")).toBeUndefined();
  });

  test("an address is no name of a host, and a user has an at sign", () => {
    expect(parseSelector("100.64.0.1").kind).toBe("prefix");
    expect(parseSelector("pve1").kind).toBe("host");
    expect(parseSelector("anna@").kind).toBe("user");
    expect(parseSelector("what:ever").kind).toBe("unknown");
  });

  test("networks cover what lies in them, each family its own", () => {
    const inside = (outer: string, inner: string) => {
      const [a, b] = [parsePrefix(outer), parsePrefix(inner)];
      return a && b && covers(a, b);
    };
    expect(inside("100.64.0.0/10", "100.127.255.255")).toBe(true);
    expect(inside("100.64.0.0/10", "100.128.0.0")).toBe(false);
    expect(inside("fd7a:115c:a1e0::/48", "fd7a:115c:a1e0:ab12::1")).toBe(true);
    expect(inside("::/0", "100.64.0.1")).toBe(false);
    for (const wrong of ["1.2.3", "1.2.3.4/33", "01.2.3.4", "1.2.3.4/8/8", "::1::", "12345::", ""]) {
      expect(parsePrefix(wrong)).toBeUndefined();
    }
  });
});
