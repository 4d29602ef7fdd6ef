import { describe, expect, test } from "bun:test";
import { ringFigures } from "../../../../src/cluster/ring-figures.ts";
import { PROXMOX_DEFAULTS, totemSettings } from "../../../../src/cluster/totem.ts";
import { evenMesh, inOrder, meshOf, siteMesh } from "./meshes.ts";

const figures = (hosts: number, rttMs: number, settings = PROXMOX_DEFAULTS["pve-9"]) =>
  ringFigures(evenMesh(hosts, rttMs, 0), inOrder(hosts), settings);

describe("the closed forms beside measured clusters (corosync.md 19 E)", () => {
  // Hosts, RTT, seconds: usable after a crash, rejoin usable from..to, clean leave usable.
  test.each([
    [3, 20, 7.17, [3.1, 3.6], 0.5],
    [5, 20, 8.03, [3.9, 4.2], 0.87],
    [3, 100, 8.28, [4.7, 5.3], 1.73],
    [5, 100, 10.24, [6.5, 7.0], 3.25],
    [7, 100, 12.27, [8.5, 8.6], 4.79],
    [3, 300, 11.32, [9.4, 9.8], 4.67],
    [5, 300, 16.16, [14.5, 14.5], 9.23],
  ] as const)(
    "%i hosts, RTT %i: crash and leave within 10 %%, join within 15 %%",
    (hosts, rttMs, crash, join, leave) => {
      const { outageMs, joinMs } = figures(hosts, rttMs);
      expect(outageMs.crash / 1000 / crash).toBeCloseTo(1, 1);
      expect(Math.abs(outageMs.leave / 1000 / leave - 1)).toBeLessThan(0.1);
      expect(joinMs.usable / 1000).toBeGreaterThan(0.85 * join[0]);
      expect(joinMs.usable / 1000).toBeLessThan(1.15 * join[1]);
    },
  );

  test("a longer token costs what was measured", () => {
    const { outageMs, joinMs } = figures(
      3,
      100,
      totemSettings.parse({ token: 10000, token_coefficient: 125 }),
    );
    expect(outageMs.crash / 23_700).toBeCloseTo(1, 1);
    expect(joinMs.usable / 10_400).toBeCloseTo(1, 1);
  });

  test("a small change in /etc/pve takes two rotations (proxmox.md 2.1)", () => {
    for (const [rttMs, measured] of [
      [50, 158],
      [100, 308],
      [200, 608],
      [300, 908],
    ] as const) {
      expect(Math.abs(figures(3, rttMs).fileChangeMs / measured - 1)).toBeLessThan(0.06);
    }
  });
});

describe("the figures of a ring", () => {
  test("count the longest ring that a crash can leave", () => {
    const mesh = siteMesh("aab", 100);
    expect(ringFigures(mesh, [0, 1, 2], PROXMOX_DEFAULTS["pve-9"]).outageMs.crash).toBeCloseTo(
      6875 + 15 * 100,
      0,
    );
  });

  test("say why no ring can form: RTT beyond the ping timeout, rotation beyond the token", () => {
    expect(figures(3, 50).impossible).toEqual([]);
    const short = totemSettings.parse({ knet_ping_interval: 100, knet_ping_timeout: 300 });
    expect(figures(3, 320, short).impossible.length).toBe(3);
    const far = meshOf(12, () => ({ rttMs: 900 }));
    const { impossible } = ringFigures(far, inOrder(12), PROXMOX_DEFAULTS["pve-9"]);
    expect(impossible[0]).toContain("one rotation takes 5400 ms");
  });
});
