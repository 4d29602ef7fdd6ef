import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseLatencyCsv } from "../../../src/cluster/latency-csv.ts";
import { parseLatencyMatrix } from "../../../src/cluster/latency-matrix.ts";
import { readArmed, readReport } from "../../../src/guard/armed.ts";
import type { Reader } from "../../../src/host/host.ts";
import { parseJson } from "../../../src/host/json.ts";
import { parseFacts } from "../../../src/rendezvous/facts.ts";
import { readPacket } from "../../../src/rendezvous/packet.ts";
import { anyJsonLike, anyText, survives } from "./texts.ts";

const RUNS = { numRuns: 300 };

test("a latency matrix, however damaged, is read, or refused in words", () => {
  const csv = "host,pve1,pve2\npve1,,20\npve2,20,\n";
  const json = {
    hosts: ["pve1", "pve2"],
    links: [{ from: "pve1", to: "pve2", rttMs: 20, sent: 10, lost: 0 }],
  };
  fc.assert(
    fc.property(fc.oneof(anyText(csv, JSON.stringify(json)), anyJsonLike(json)), (text) => {
      survives(() => parseLatencyMatrix(text, "hosts.csv"));
      survives(() => parseLatencyCsv(text, "hosts.csv"));
    }),
    RUNS,
  );
});

test("what the guard wrote down, however damaged, is read, refused in words, or not there", async () => {
  const armed = {
    node: "pve1",
    cluster: "tailmox",
    unit: "u",
    firesAt: "2026-01-01",
    copies: "/x",
    saved: [],
  };
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText(JSON.stringify(armed)), anyJsonLike(armed)), async (text) => {
      const reader: Reader = {
        name: "pve1",
        text: async () => text,
        list: async () => [],
        run: () => Promise.reject(new Error("nothing is run to read a file")),
      };
      const answers = await Promise.allSettled([readArmed(reader), readReport(reader)]);
      for (const answer of answers) {
        if (answer.status === "rejected") expect(answer.reason).toHaveProperty("code");
      }
    }),
    RUNS,
  );
});

test("a packet from anybody on the tailnet is read, or it is none", () => {
  fc.assert(
    fc.property(anyText('{"tailmox":1,"kind":"ask"}'), (text) => {
      readPacket(text);
      parseFacts(parseJson(text));
    }),
    RUNS,
  );
});
