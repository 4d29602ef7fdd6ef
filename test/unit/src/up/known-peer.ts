import type { KnownPeer } from "../../../../src/up/ask-peers.ts";
import { unanswered } from "../../../../src/up/contact.ts";
import type { Reach } from "../../../../src/up/preflight/preflight.ts";

/** A peer that was met: all well between it and this host, and nothing known of where it stands. */
export function known(name: string, address: string, more: Partial<KnownPeer> = {}): KnownPeer {
  return {
    peer: {
      name,
      address,
      verdict: { kind: "unknown", tried: [] },
      obstacles: [],
      unproven: [],
      warnings: [],
      rttMs: 20,
      way: undefined,
    },
    reach: WELL,
    contact: unanswered(),
    ...more,
  };
}

/** All that is looked at works. */
export const WELL: Reach = {
  kind: "tried",
  path: { kind: "direct", via: "192.0.2.1:41641" },
  echoes: { sent: 20, rttMs: Array.from({ length: 20 }, (_, index) => 90 + (index % 3)) },
  packets: { tried: [1280, 1200, 576], largest: 1280, ownMtu: undefined },
  ports: new Map([
    [22, { kind: "open", ms: 90 }],
    [8006, { kind: "open", ms: 90 }],
    [443, { kind: "refused" }],
  ]),
  rendezvous: { echoes: new Map() },
  udp: { kind: "both ways", by: "tailmox" },
  knet: undefined,
  clock: { aheadMs: 300, accuracyMs: 600 },
  node: undefined,
  pve: "9.1.2",
  obstacles: [],
  unproven: [],
  warnings: [],
};
