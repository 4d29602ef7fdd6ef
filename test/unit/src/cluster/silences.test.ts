import { describe, expect, test } from "bun:test";
import { membershipChanges } from "../../../../src/cluster/membership-changes.ts";
import { seededRandom } from "../../../../src/cluster/random.ts";
import { changesOfSilence } from "../../../../src/cluster/silence.ts";
import { costOfSilences } from "../../../../src/cluster/silences.ts";
import { type StabilityModel, stabilityModel } from "../../../../src/cluster/stability-model.ts";
import { PROXMOX_DEFAULTS } from "../../../../src/cluster/totem.ts";
import { FOUNDERS_SETTINGS } from "../../../../src/cluster/tuned.ts";
import { evenMesh, inOrder } from "./meshes.ts";

const defaults = PROXMOX_DEFAULTS["pve-9"];

function model(settings = defaults, hosts = 5, rttMs = 50): StabilityModel {
  return stabilityModel(evenMesh(hosts, rttMs, 0), inOrder(hosts), settings);
}

describe("a host that is cut off", () => {
  test("costs nothing for a tenth of a second, and two changes for a minute: a ring without it, then one with it", () => {
    const random = seededRandom(1);
    for (const settings of [defaults, FOUNDERS_SETTINGS]) {
      for (const place of [0, 2, 4]) {
        expect(changesOfSilence(model(settings), { place, ms: 100, loss: 1 }, random)).toBe(0);
        expect(changesOfSilence(model(settings), { place, ms: 60_000, loss: 1 }, random)).toBe(2);
      }
    }
  });

  test("costs Proxmox's defaults a change from 2 s on, and tailmox's settings none at 5 s", () => {
    const [, two, five] = costOfSilences(model(), 1);
    expect(two?.share).toBeGreaterThan(0.9);
    expect(five?.changes).toBeGreaterThan(0.9);
    const tuned = costOfSilences(model(FOUNDERS_SETTINGS), 1);
    expect(tuned.slice(0, 3).map(({ changes }) => changes)).toEqual([0, 0, 0]);
  });

  test("costs the more the longer it lasts, with two hosts as with seven", () => {
    for (const hosts of [2, 3, 7]) {
      const costs = costOfSilences(model(defaults, hosts), 1).map(({ changes }) => changes);
      expect(costs).toEqual(costs.toSorted((a, b) => a - b));
    }
  });
});

describe("bursts of loss on a host's line", () => {
  const changes = (perHour: number, loss: number) => {
    const mesh = evenMesh(3, 50, 0.0001);
    const [first, ...others] = mesh.hosts;
    if (first === undefined) throw new Error("no host");
    const hosts = [{ ...first, bursts: { perHour, meanMs: 2000, loss } }, ...others];
    const options = { seed: 1, hours: 24, runs: 4, fastDataUp: false };
    return membershipChanges({ ...mesh, hosts }, inOrder(3), defaults, options).mean;
  };

  test("count as often as they come, and more where they lose more", () => {
    expect(changes(4, 1) / changes(2, 1)).toBeCloseTo(2, 1);
    expect(changes(2, 1)).toBeGreaterThan(changes(2, 0.5));
    expect(changes(2, 0)).toBeLessThan(0.1);
  });
});
