import { describe, expect, test } from "bun:test";
import { FORECAST_DEFAULTS, outlookOf } from "../../../../src/cluster/forecast.ts";
import type { Mesh } from "../../../../src/cluster/mesh.ts";
import { ringFigures } from "../../../../src/cluster/ring-figures.ts";
import { totemTimers } from "../../../../src/cluster/totem.ts";
import {
  FOUNDERS_SETTINGS,
  OUTAGE_LIMIT_MS,
  OUTAGE_LIMIT_WITHOUT_HA_MS,
  tunedSettings,
} from "../../../../src/cluster/tuned.ts";
import { evenMesh, inOrder, meshOf, siteMesh } from "./meshes.ts";

const seven = evenMesh(7, 300, 0);
const without = { limitMs: OUTAGE_LIMIT_WITHOUT_HA_MS, longestOutageMs: 11_900 };
/** Two sites of three and two; RTT 8 ms within a site makes R 110 + a little. */
const sites: Mesh = meshOf(5, (a, b) => ({ rttMs: a < 3 === b < 3 ? 20 / 3 : 100 }));

// corosync.md 7: T, K, rtx, losses survived, outage survived (s), 2.2 T + 15 R (s).
const EXAMPLES: [string, Mesh, object, number, number, number, number, number, number][] = [
  ["3 hosts, RTT 80", evenMesh(3, 80, 0), {}, 10_000, 30, 331, 29, 8.2, 23.8],
  ["5 hosts at two sites, RTT 100", sites, {}, 10_000, 30, 331, 29, 8.0, 23.7],
  ["5 hosts, RTT 150", evenMesh(5, 150, 0), {}, 10_000, 20, 495, 19, 8.3, 27.6],
  ["7 hosts, RTT 300", seven, {}, 10_000, 7, 1388, 6, 7.6, 37.8],
  ["the same without HA, an outage of 11.9 s seen", seven, without, 15_000, 11, 1339, 10, 12.6, 48.8],
];

describe("settings by chapter 7", () => {
  test.each(EXAMPLES)("%s", (_, mesh, options, token, retransmits, rtx, losses, silence, crash) => {
    const order = inOrder(mesh.hosts.length);
    const { settings, fits } = tunedSettings(mesh, order, options);
    const timers = totemTimers(settings, mesh.hosts.length);
    const figures = ringFigures(mesh, order, settings);
    expect(settings).toMatchObject({
      token,
      token_coefficient: 0,
      token_retransmits_before_loss_const: retransmits,
      knet_ping_interval: 500,
      knet_ping_timeout: 0.8 * token,
      knet_pong_count: 2,
    });
    expect(timers.retransmitMs).toBe(rtx);
    expect(figures.survivesLosses).toBe(losses);
    expect(figures.survivesOutageMs / 1000).toBeCloseTo(silence, 1);
    expect((2.2 * token + 15 * figures.rotationMs) / 1000).toBeCloseTo(crash, 0);
    expect(fits).toBe(true);
  });

  test("an outage once seen raises the token, but never above what HA allows", () => {
    const mesh = evenMesh(3, 80, 0);
    const token = (longestOutageMs: number) =>
      tunedSettings(mesh, inOrder(3), { longestOutageMs }).settings.token;
    expect(token(10_000)).toBe(11_500);
    expect(2.2 * token(30_000) + 15 * 120).toBeLessThanOrEqual(40_000);
  });

  test("beyond a rotation of 1.2 s nothing fits, and it says so", () => {
    expect(tunedSettings(evenMesh(8, 299, 0), inOrder(8)).fits).toBe(true);
    expect(tunedSettings(evenMesh(9, 300, 0), inOrder(9)).fits).toBe(false);
    expect(tunedSettings(evenMesh(9, 300, 0), inOrder(9), { limitMs: OUTAGE_LIMIT_WITHOUT_HA_MS }).fits).toBe(
      true,
    );
  });

  test("knet_mtu is never above what every path is known to carry", () => {
    const mtu = (of: (from: number) => number | undefined) => {
      const mesh = meshOf(3, (from) => {
        const known = of(from);
        return { rttMs: 50, ...(known !== undefined && { mtu: known }) };
      });
      return tunedSettings(mesh, inOrder(3)).settings.knet_mtu;
    };
    expect(mtu(() => 1280)).toBe(1280);
    expect(mtu(() => 1500)).toBe(1280);
    expect(mtu((from) => (from === 1 ? 1260 : 1280))).toBe(1260);
    expect(mtu((from) => (from === 1 ? undefined : 1280))).toBe(1200);
    expect(mtu((from) => (from === 1 ? undefined : 1180))).toBe(1180);
  });

  test("every changed key has its reason", () => {
    const { settings, reasons } = tunedSettings(siteMesh("aabb", 100), inOrder(4));
    for (const [key, why] of Object.entries(reasons)) {
      expect(key in settings).toBe(true);
      expect(why.length).toBeGreaterThan(20);
    }
  });
});

test.each([
  [3, 30],
  [5, 150],
  [7, 300],
])(
  "a founder's timers hold %i hosts at RTT %i ms, and a power cut stays within the limit",
  (hosts, rttMs) => {
    const mesh = evenMesh(hosts, rttMs, 0.05);
    const { impossible, outageMs } = ringFigures(mesh, inOrder(hosts), FOUNDERS_SETTINGS);
    expect(impossible).toEqual([]);
    expect(outageMs.crash).toBeLessThanOrEqual(OUTAGE_LIMIT_MS);
    const options = { ...FORECAST_DEFAULTS, runs: 20 };
    const { changes } = outlookOf(mesh, inOrder(hosts), FOUNDERS_SETTINGS, options);
    expect(changes?.mean).toBeLessThan(1);
  },
);
