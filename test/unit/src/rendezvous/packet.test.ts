import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseFacts } from "../../../../src/rendezvous/facts.ts";
import {
  joinFacts,
  LONGEST_PACKET,
  newNonce,
  readPacket,
  splitFacts,
  writePacket,
} from "../../../../src/rendezvous/packet.ts";
import { clusterOf, factsOf, ROOT_KEY } from "./facts.ts";

const nonce = newNonce();

describe("a datagram of the rendezvous", () => {
  test("is read as it was written, padded or not", () => {
    for (const padTo of [0, 128, LONGEST_PACKET]) {
      const packet = { kind: "ask", nonce, part: 3, whole: "0123456789abcdef" } as const;
      const text = writePacket(packet, padTo);
      expect(readPacket(text)).toEqual(packet);
      expect(text.length).toBeGreaterThanOrEqual(padTo);
    }
  });

  test("of another version is told from all others, and asks only where it asks", () => {
    const later = (kind: string) => JSON.stringify({ tailmox: 7, nonce, kind, more: [1] });
    expect(readPacket(later("echo"))).toEqual({ kind: "other version", nonce, speaks: 7, asks: true });
    expect(readPacket(later("shouted"))).toEqual({ kind: "other version", nonce, speaks: 7, asks: false });
  });

  test("of any content is survived, and nothing too long is read (property)", () => {
    const valid = fc.record({
      tailmox: fc.oneof(fc.integer(), fc.constant(1), fc.string()),
      nonce: fc.oneof(fc.constant(nonce), fc.string()),
      kind: fc.oneof(fc.constantFrom("echo", "ask", "told", "echoed", "bye"), fc.string()),
      part: fc.oneof(fc.integer(), fc.constant(null)),
      parts: fc.integer(),
      whole: fc.string(),
      text: fc.string(),
    });
    const any = fc.oneof(
      fc.string(),
      fc.json(),
      valid.map((json) => JSON.stringify(json)),
    );
    fc.assert(
      fc.property(any, (text) => {
        const packet = readPacket(text);
        if (packet) expect(text.length).toBeLessThanOrEqual(LONGEST_PACKET);
      }),
    );
    expect(readPacket(writePacket({ kind: "echo", nonce }, LONGEST_PACKET + 1))).toBeUndefined();
  });
});

describe("a host's facts", () => {
  test.each([
    ["of a fresh host", factsOf()],
    ["of one that waits to be let in", factsOf({ rootKey: ROOT_KEY })],
    [
      "of a member of 32",
      factsOf({ place: { kind: "member", cluster: clusterOf(32) }, elects: "100.64.0.9" }),
    ],
    ["of a member that lets somebody in", factsOf({ admits: true, admitted: "100.64.0.7" })],
  ])("%s come over in datagrams that fit into the tunnel, in any order", (_, facts) => {
    const parts = splitFacts(facts);
    const packets = parts.map((part) => writePacket({ kind: "told", nonce, ...part }));
    for (const packet of packets) expect(Buffer.byteLength(packet)).toBeLessThanOrEqual(LONGEST_PACKET);
    const read = packets.map(readPacket).flatMap((packet) => (packet?.kind === "told" ? [packet] : []));
    expect(joinFacts(read.reverse())).toEqual(facts);
    expect(joinFacts(read.slice(1))).toBeUndefined();
  });

  test("of a fresh host need one datagram, with its key two", () => {
    expect([splitFacts(factsOf()).length, splitFacts(factsOf({ rootKey: ROOT_KEY })).length]).toEqual([1, 2]);
  });

  test("bring nothing into a terminal or an authorized_keys but what belongs there", () => {
    const bad = [
      { rootKey: `${ROOT_KEY}\nssh-rsa AAAA` },
      { rootKey: `command="reboot" ${ROOT_KEY}` },
      { rootKey: `${ROOT_KEY} a comment` },
      { node: "pve1\u001b[2J" },
      { pve: "9\u009b31m" },
      { node: "" },
      { elects: "pve1" },
      { place: { kind: "standalone", guests: -1 } },
    ];
    for (const one of bad) expect(parseFacts({ ...factsOf(), ...one })).toBeUndefined();
    expect(parseFacts({ ...factsOf(), later: "field" })).toEqual(factsOf());
  });

  test("of any form are survived (property)", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const facts = parseFacts(json);
        expect(facts === undefined || typeof facts.node === "string").toBe(true);
      }),
    );
  });
});
