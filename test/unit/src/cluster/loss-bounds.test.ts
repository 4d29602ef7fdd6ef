import { describe, expect, test } from "bun:test";
import {
  lossBounds,
  lossOf,
  UNMEASURED_LOSS,
  UNSEEN_LOSS,
  upperBoundOfNone,
} from "../../../../src/cluster/loss-bounds.ts";

const link = { rttMs: 50, oneWayMs: 25, jitterMs: 0 };

describe("what probes say of loss", () => {
  test("none lost of 40 still allows 7 %, of 36000 less than a hundredth of a per cent", () => {
    expect(upperBoundOfNone(40)).toBeCloseTo(0.072, 3);
    expect(lossOf({ ...link, loss: 0, sent: 36_000, lost: 0 }, "high")).toBeCloseTo(3 / 36_000, 5);
  });

  test("none seen counts as a twentieth of a per cent, or less where the probes were many", () => {
    expect(lossOf({ ...link, loss: 0, sent: 40, lost: 0 }, "likely")).toBe(UNSEEN_LOSS);
    expect(lossOf({ ...link, loss: 0 }, "likely")).toBe(UNSEEN_LOSS);
    expect(lossOf({ ...link, loss: 0, sent: 36_000, lost: 0 }, "likely")).toBeLessThan(UNSEEN_LOSS / 10);
  });

  test("some lost has a bound on either side", () => {
    const { low, high } = lossBounds({ ...link, loss: 0.05, sent: 200, lost: 10 });
    expect(low).toBeGreaterThan(0.025);
    expect(low).toBeLessThan(0.035);
    expect(high).toBeGreaterThan(0.075);
    expect(high).toBeLessThan(0.09);
  });

  test("a loss that nobody measured may be several per cent; one told without probes is taken as told", () => {
    expect(lossBounds(link)).toEqual({ low: 0, high: UNMEASURED_LOSS });
    expect(lossBounds({ ...link, loss: 0.02 })).toEqual({ low: 0.02, high: 0.02 });
  });

  test("the views never cross", () => {
    for (const told of [
      {},
      { loss: 0 },
      { loss: 0.3 },
      { loss: 0, sent: 7, lost: 0 },
      { loss: 0.5, sent: 2, lost: 1 },
    ]) {
      const [low, likely, high] = (["low", "likely", "high"] as const).map((view) =>
        lossOf({ ...link, ...told }, view),
      );
      expect(low ?? 1).toBeLessThanOrEqual(likely ?? 0);
      expect(likely ?? 1).toBeLessThanOrEqual(high ?? 0);
    }
  });
});
