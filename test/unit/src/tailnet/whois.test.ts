import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseWhois } from "../../../../src/tailnet/whois.ts";

test("who holds an address is read with the tags, and a person's node has none", () => {
  const answer = (node: object) => JSON.stringify({ Node: node, UserProfile: {}, CapMap: null });
  expect(parseWhois(answer({ Name: "pve1.tail1234.ts.net.", Tags: ["tag:tailmox"] }))).toEqual({
    name: "pve1",
    tags: ["tag:tailmox"],
  });
  expect(parseWhois(answer({ Name: "laptop.tail1234.ts.net." }))).toEqual({ name: "laptop", tags: [] });
});

test("any other text tells nobody (property)", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(parseWhois(text)?.tags ?? []).toEqual([]);
    }),
  );
});
