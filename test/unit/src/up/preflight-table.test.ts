import { expect, test } from "bun:test";
import { judge } from "../../../../src/up/preflight/judge.ts";
import type { ReachedPeer } from "../../../../src/up/preflight/preflight.ts";
import { commonCode, describeCheck, outcomeOf } from "../../../../src/up/preflight/report.ts";
import type { Sights } from "../../../../src/up/preflight/sights.ts";
import { preflightTable } from "../../../../src/up/preflight-table.ts";
import { WELL } from "./known-peer.ts";

const OWN = {
  node: "pve9",
  pve: "9.1.2",
  address: "100.64.0.9",
  tag: "tag:tailmox",
  place: { kind: "standalone", guests: 0 },
} as const;

function peer(name: string, more: Partial<Sights> = {}): ReachedPeer {
  const sights = { ...WELL, ...more };
  const node = { name, address: `100.64.0.${name.length}` };
  const against = { tag: OWN.tag, ownPve: OWN.pve, peer: { ...node, node: name }, others: [] };
  return { node, reach: { ...sights, ...judge(sights, against) } };
}

test("peers that are well have a row each and nothing below it", () => {
  expect(preflightTable([peer("pve1"), peer("pve22")])).toEqual([
    "",
    "peer   path    RTT    jitter  loss  MTU   icmp  22  8006  udp 5405-12",
    "pve1   direct  91 ms  1.5 ms  0 %   1280  ok    ok  ok    both ways",
    "pve22  direct  91 ms  1.5 ms  0 %   1280  ok    ok  ok    both ways",
    "",
  ]);
});

test("the column 443 is there where somebody serves", () => {
  const serving = new Map([...WELL.ports, [443, { kind: "open", ms: 90 }] as const]);
  const [, head, first, second] = preflightTable([peer("pve1", { ports: serving }), peer("pve2")]);
  expect(head).toContain("22  443  8006");
  expect(first).toContain("ok  ok   ok");
  expect(second).toContain("ok  -    ok");
});

test("what failed stands below with its likely cause and mend, the peers that were not reached too", () => {
  const silent = new Map([...WELL.ports, [8006, { kind: "silent", afterMs: 4_000 }] as const]);
  const lines = preflightTable([
    peer("pve1", { ports: silent, udp: { kind: "lost", how: "silence" } }),
    peer("pve2", { kind: "offline" }),
  ]);
  expect(lines).toContain("pve2  offline");
  expect(lines).toContain("!! pve1  TCP 8006: no answer in 4 s");
  expect(lines.filter((line) => line.startsWith("   Likely: "))).toHaveLength(3);
  expect(lines.filter((line) => line.startsWith("   Mend: "))).toHaveLength(3);
});

test.each(["a-host-with-quite-a-long-name", "x", "pve-frankfurt-am-main-rack-12-unit-7-node-3"])(
  "with a relay, every column and the name %s the table fits into 80 columns behind its margin",
  (name) => {
    const serving = new Map([...WELL.ports, [443, { kind: "open", ms: 90 }] as const]);
    const rows = [
      peer(name, { ports: serving, path: { kind: "DERP", region: "headscale" }, udp: { kind: "unproven" } }),
      peer("pve1", {
        path: { kind: "peer relay", via: "192.0.2.1:7777:vni:1" },
        echoes: { sent: 20, rttMs: [] },
      }),
    ];
    for (const line of preflightTable(rows).slice(0, 4)) expect(line.length).toBeLessThanOrEqual(74);
  },
);

test("the verdict is ok only where everything was seen to work", () => {
  expect(outcomeOf([peer("pve1")])).toEqual({
    verdict: "ok",
    words: "1 of 1 reachable, 20 echoes each, clocks within 0.9 s",
  });
  expect(outcomeOf([peer("pve1", { udp: { kind: "unproven" } })])).toMatchObject({ verdict: "unproven" });
  expect(outcomeOf([peer("pve1"), peer("pve2", { kind: "no pong" })])).toEqual({
    verdict: "failed",
    words: "1 of 2 peers cannot be clustered with",
  });
});

test("a report has the code of what failed, before that of what is unproven", () => {
  const lost = peer("pve1", { udp: { kind: "lost", how: "silence" } });
  const open = peer("pve2", { udp: { kind: "unproven" } });
  expect(describeCheck(OWN, [lost, open], [])).toMatchObject({ verdict: "failed", code: "E_UDP_FILTERED" });
  expect(describeCheck(OWN, [open], [])).toMatchObject({ verdict: "unproven", code: "E_UDP_UNPROVEN" });
  expect(describeCheck(OWN, [peer("pve1")], [])).toMatchObject({ verdict: "ok", code: null });
  const both = [...lost.reach.obstacles, ...open.reach.unproven];
  expect(commonCode(both)).toBe("E_PEER_UNREACHABLE");
  expect(commonCode([])).toBeUndefined();
});
