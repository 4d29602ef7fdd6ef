import { describe, expect, test } from "bun:test";
import { simulateRing } from "../../../../src/cluster/simulate.ts";
import { stabilityModel } from "../../../../src/cluster/stability-model.ts";
import { PROXMOX_DEFAULTS, type TotemSettings, totemSettings } from "../../../../src/cluster/totem.ts";
import { evenMesh, inOrder } from "./meshes.ts";

/** Membership changes a day of a ring of equal hops. */
function changesPerDay(
  hosts: number,
  rttMs: number,
  loss: number,
  settings: TotemSettings,
  { fastDataUp = false, jitterMs = 0, seed = 1 } = {},
): number {
  const model = stabilityModel(evenMesh(hosts, rttMs, loss, { jitterMs }), inOrder(hosts), settings, {
    fastDataUp,
  });
  const { changes, days } = simulateRing(model, { seed, hours: 24, runs: 4, effort: 0.1 });
  return changes / days;
}

const CELL_DAYS = 180 / 86_400;
const { "pve-8": pve8, "pve-9": pve9 } = PROXMOX_DEFAULTS;

describe("the simulation beside the contract's model and real corosync (corosync.md 6.4, libknet 1.25)", () => {
  // RTT, settings, hosts, loss, token losses of the model there, measured membership changes, both in 180 s.
  test.each([
    [50, "pve-9", 5, 0.01, 4.9, 4],
    [50, "pve-9", 7, 0.01, 12.5, 11],
    [50, "pve-9", 5, 0.03, 18.5, 19],
    [50, "pve-8", 3, 0.03, 10.1, 10],
    [150, "pve-9", 7, 0.05, 13.9, 13],
    [150, "pve-8", 5, 0.05, 8.2, 7],
    [300, "pve-9", 3, 0.05, 4.1, 5],
    [300, "pve-8", 7, 0.03, 2.9, 0],
    [150, "pve-9", 5, 0.1, 24, 44],
  ] as const)("RTT %i, %s, %i hosts, loss %d", (rttMs, version, hosts, loss, modelled, measured) => {
    const found =
      changesPerDay(hosts, rttMs, loss, PROXMOX_DEFAULTS[version], { fastDataUp: false }) * CELL_DAYS;
    expect(found / modelled).toBeGreaterThan(0.7);
    expect(found / modelled).toBeLessThan(1.4);
    if (measured >= 10) {
      expect(found / measured).toBeGreaterThan(1 / 3);
      expect(found / measured).toBeLessThan(3);
    }
  });

  // corosync.md 19 A, summed over RTT 50, 150, 300, both coefficients, 3, 5 and 7 hosts.
  test.each([
    [0.01, 23],
    [0.03, 88],
    [0.05, 230],
    [0.1, 448],
  ])("summed over 18 measured cells at loss %d it comes within a factor of 1.6 of %i", (loss, measured) => {
    let sum = 0;
    for (const rttMs of [50, 150, 300]) {
      for (const settings of [pve8, pve9]) {
        for (const hosts of [3, 5, 7])
          sum += changesPerDay(hosts, rttMs, loss, settings, { fastDataUp: false }) * CELL_DAYS;
      }
    }
    expect(sum / measured).toBeGreaterThan(1 / 1.6);
    expect(sum / measured).toBeLessThan(1.6);
  });

  // corosync.md 6.5: hosts, RTT, then token losses an hour at 1 and 5 % with libknet >= 1.27 and 1.25. That model is
  // no nearer to measured cells (factor 2.7); one an hour was a handful of events in it.
  test.each([
    [3, 50, [1.2, 1.0], [53, 95]],
    [5, 20, [58, 130], [358, 505]],
    [5, 100, [91, 184], [439, 577]],
    [5, 200, [6, 15], [141, 233]],
    [8, 50, [11, 20], [212, 328]],
    [8, 200, [5, 6], [167, 257]],
  ] as const)(
    "at defaults, %i hosts, RTT %i: as often an hour as the contract's table",
    (hosts, rttMs, one, five) => {
      for (const [loss, expected] of [
        [0.01, one],
        [0.05, five],
      ] as const) {
        for (const [i, fastDataUp] of [true, false].entries()) {
          const found = changesPerDay(hosts, rttMs, loss, pve9, { fastDataUp }) / 24;
          const factor = (expected[i] ?? 0) < 2 ? 4.5 : 2.7;
          expect(found / (expected[i] ?? 0)).toBeGreaterThan(1 / factor);
          expect(found / (expected[i] ?? 0)).toBeLessThan(factor);
        }
      }
    },
  );

  test("the remedies of 19 D rank as measured, and their sums agree within a factor of 2 where there are changes", () => {
    // Settings, libknet >= 1.27, changes measured over 3, 5 and 7 hosts at 1, 5 and 10 % loss, RTT 50, 150 s each.
    const tuned = { token: 10000, token_coefficient: 0, token_retransmits_before_loss_const: 10 };
    const pings = (interval: number, timeout: number) => ({
      knet_ping_interval: interval,
      knet_ping_timeout: timeout,
    });
    const remedies: [object, boolean, number][] = [
      [{}, false, 0 + 6 + 13 + 4 + 35 + 53 + 11 + 37 + 51],
      [{}, true, 0 + 2 + 15 + 1 + 13 + 12 + 6 + 8 + 16],
      [{ token: 5000 }, false, 3 + 7 + 11 + 1 + 5 + 11 + 5 + 6 + 31],
      [{ token: 10000 }, false, 0 + 1 + 1 + 0 + 2 + 6 + 2 + 4 + 14],
      [pings(500, 5000), false, 0 + 0 + 1 + 0 + 0 + 3 + 0 + 1 + 3],
      [{ token: 10000, ...pings(1000, 10000) }, false, 0 + 0 + 0 + 0 + 0 + 0 + 0 + 0 + 1],
      [{ ...tuned, ...pings(500, 8000) }, false, 0],
    ];
    const sums = remedies.map(([keys, fastDataUp]) => {
      const settings = totemSettings.parse({ token_coefficient: 125, ...keys });
      const cells = [3, 5, 7].flatMap((hosts) =>
        [0.01, 0.05, 0.1].map((loss) => changesPerDay(hosts, 50, loss, settings, { fastDataUp })),
      );
      return (cells.reduce((sum, cell) => sum + cell) * 150) / 86_400;
    });
    for (const [i, [, , measured]] of remedies.entries()) {
      if (measured < 10) continue;
      expect((sums[i] ?? 0) / measured).toBeGreaterThan(1 / 2);
      expect((sums[i] ?? 0) / measured).toBeLessThan(2);
    }
    // Faster links (the second) and a longer token (the third) were measured within their error of each other.
    const ranked = sums.filter((_, i) => i !== 1);
    expect(ranked).toEqual([...ranked].sort((x, y) => y - x));
    expect(sums.at(-1) ?? 1).toBeLessThan(0.05);
  });
});

describe("the simulation", () => {
  test("gives the same answer for the same seed, and nearly the same for another", () => {
    const of = (seed: number) => changesPerDay(5, 50, 0.01, pve9, { seed });
    expect(of(7)).toBe(of(7));
    expect(of(7) / of(8)).toBeCloseTo(1, 0);
    expect(of(7)).not.toBe(of(8));
  });

  test("grows with loss, for two hosts, for five, and with jitter", () => {
    for (const [hosts, jitterMs] of [
      [2, 0],
      [5, 0],
      [5, 20],
    ] as const) {
      const rates = [0.002, 0.01, 0.05, 0.2].map((loss) =>
        changesPerDay(hosts, 60, loss, pve9, { jitterMs }),
      );
      expect(rates).toEqual([...rates].sort((a, b) => a - b));
      expect(rates.at(-1) ?? 0).toBeGreaterThan(0);
    }
  });

  test("ends at once where nothing is lost, whatever the time", () => {
    const mesh = evenMesh(3, 50, 0, { sent: 1_000_000, lost: 0 });
    const model = stabilityModel(mesh, inOrder(3), pve9, { losses: "low" });
    expect(simulateRing(model, { seed: 1, hours: 24, runs: 3 }).changes).toBe(0);
  });

  test("heavy jitter with 3 % loss costs no more than steady delay at RTT 50 (19 B)", () => {
    const steady = changesPerDay(5, 50, 0.03, pve9, { fastDataUp: false });
    const jittery = changesPerDay(5, 250, 0.03, pve9, { fastDataUp: false, jitterMs: 200 });
    expect(jittery).toBeLessThan(steady);
  });
});
