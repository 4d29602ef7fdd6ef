import { describe, expect, test } from "bun:test";
import { lossesThatBreak, lossyRotation, tokenWaitMs } from "../../../../src/cluster/token-loss.ts";

/** Token losses an hour by corosync.md 6.1. */
function perHour(
  hosts: number,
  rotationMs: number,
  tokenMs: number,
  retransmitMs: number,
  loss: number,
): number {
  const breaking = lossesThatBreak(tokenMs, rotationMs, retransmitMs);
  const { tail } = lossyRotation(
    Array.from({ length: hosts }, () => loss),
    breaking,
  );
  return (3.6e6 / rotationMs) * (tail[breaking] ?? 0);
}

describe("the token under loss", () => {
  test("of five hosts at RTT 150 is lost as often as the contract's examples say", () => {
    expect(lossesThatBreak(3375, 375, 803)).toBe(4);
    expect(perHour(5, 375, 3375, 803, 0.01)).toBeCloseTo(0.0065, 3);
    expect(perHour(5, 375, 3375, 803, 0.05)).toBeCloseTo(3.6, 1);
    expect(perHour(5, 375, 3375, 803, 0.1)).toBeCloseTo(48, 0);
  });

  test("with token 10000 and ten repeats is lost never to speak of", () => {
    expect(lossesThatBreak(10000, 375, 980)).toBe(10);
    expect(perHour(5, 375, 10000, 980, 0.05) / 8e-7).toBeCloseTo(1, 0);
    expect(perHour(5, 375, 10000, 980, 0.1) / 7e-4).toBeCloseTo(1, 0);
  });

  test("waits uniformly within a rotation where nothing is lost", () => {
    const wait = tokenWaitMs(200, 700, lossyRotation([0, 0, 0], 4));
    expect(wait.mean).toBeCloseTo(100, 9);
    expect(wait.p99).toBeCloseTo(198, 9);
  });

  test("waits about as long as was measured with token 10000, K 10, 5 % loss, seven hosts, RTT 50", () => {
    // corosync.md 19 D: mean 0.6 s, 99th percentile 2.1 s.
    const wait = tokenWaitMs(
      175,
      980,
      lossyRotation(
        Array.from({ length: 7 }, () => 0.05),
        11,
      ),
    );
    expect(Math.abs(wait.mean / 600 - 1)).toBeLessThan(0.1);
    expect(Math.abs(wait.p99 / 2100 - 1)).toBeLessThan(0.3);
  });

  test("takes hops of different loss as they are", () => {
    const { tail, meanLosses } = lossyRotation([0.5, 0, 0], 3);
    expect(tail.slice(0, 4)).toEqual([1, 0.5, 0.25, 0.125].map((chance) => expect.closeTo(chance, 9)));
    expect(meanLosses).toBeCloseTo(1, 9);
  });
});

test("a rotation under hopeless loss keeps its whole chance in the tail", () => {
  const { tail } = lossyRotation([0.99, 0.99, 0.99], 4);
  expect(tail[0]).toBeCloseTo(1, 9);
  expect(tail[4] ?? 0).toBeGreaterThan(0.999);
});
