import { describe, expect, test } from "bun:test";
import {
  dropCounts,
  effectivePingIntervalMs,
  linkDownRate,
  pingsThatDrop,
} from "../../../../src/cluster/knet-link.ts";
import {
  PROXMOX_DEFAULTS,
  type TotemTimers,
  totemSettings,
  totemTimers,
} from "../../../../src/cluster/totem.ts";

const link = (rttMs: number, loss = 0, jitterMs = 0) => ({ rttMs, jitterMs, pingLoss: 1 - (1 - loss) ** 2 });
const dropping = (rttMs: number, timers: TotemTimers) => pingsThatDrop(link(rttMs), timers);

// corosync.md 5.2: PI, PIe, and the RTT below which one lost ping drops the link (0: never).
const ONE_LOST_PING = [
  { hosts: 2, pve: [750, 800, 33], upstream: [750, 800, 33] },
  { hosts: 3, pve: [781, 800, 13], upstream: [912, 1000, 58] },
  { hosts: 4, pve: [812, 1000, 125], upstream: [1075, 1200, 83] },
  { hosts: 5, pve: [843, 1000, 104], upstream: [1237, 1400, 108] },
  { hosts: 6, pve: [875, 1000, 83], upstream: [1400, 1400, 0] },
  { hosts: 7, pve: [906, 1000, 63], upstream: [1562, 1600, 25] },
  { hosts: 8, pve: [937, 1000, 42], upstream: [1725, 1800, 50] },
  { hosts: 9, pve: [968, 1000, 21], upstream: [1887, 2000, 75] },
  { hosts: 10, pve: [1000, 1000, 0], upstream: [2050, 2200, 100] },
] as const;

describe("a knet link", () => {
  test.each(ONE_LOST_PING)(
    "is dropped by one lost ping as the table says: row %#",
    ({ hosts, pve, upstream }) => {
      for (const [version, [interval, effective, below]] of [
        ["pve-9", pve],
        ["pve-8", upstream],
      ] as const) {
        const timers = totemTimers(PROXMOX_DEFAULTS[version], hosts);
        expect(timers.pingIntervalMs).toBe(interval);
        expect(effectivePingIntervalMs(timers)).toBe(effective);
        if (below > 0) expect(dropping(below - 4, timers)).toBe(1);
        expect(dropping(below + 4, timers)).toBe(2);
      }
    },
  );

  test("with tuned keys stands twelve lost pings in a row", () => {
    const timers = totemTimers(
      totemSettings.parse({
        token: 10000,
        token_coefficient: 0,
        knet_ping_interval: 500,
        knet_ping_timeout: 8000,
      }),
      5,
    );
    expect(dropping(50, timers)).toBe(13);
  });

  // corosync.md 5.2: link downs in 180 s over all links, RTT 50, 1 % loss, libknet 1.25.
  test.each([
    ["pve-9", 7, 160],
    ["pve-9", 5, 47],
    ["pve-8", 3, 16],
    ["pve-8", 5, 43],
  ] as const)("of %s with %i hosts goes down about as often as measured", (version, hosts, measured) => {
    const timers = totemTimers(PROXMOX_DEFAULTS[version], hosts);
    const downs = linkDownRate(link(50, 0.01), timers) * 180_000 * hosts * (hosts - 1);
    expect(downs / measured).toBeGreaterThan(0.6);
    expect(downs / measured).toBeLessThan(1.7);
  });

  test("goes down more often with more loss, and never without", () => {
    const timers = totemTimers(PROXMOX_DEFAULTS["pve-9"], 5);
    const rates = [0, 0.001, 0.01, 0.1].map((loss) => linkDownRate(link(50, loss), timers));
    expect(rates[0]).toBe(0);
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
  });

  test("with jitter is sometimes dropped by one and sometimes by two lost pings", () => {
    const counts = dropCounts(link(50, 0.01, 60), totemTimers(PROXMOX_DEFAULTS["pve-9"], 7));
    expect([...counts.keys()].sort()).toEqual([1, 2]);
    expect([...counts.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 9);
  });
});
