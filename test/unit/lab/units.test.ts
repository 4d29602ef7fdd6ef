import { describe, expect, test } from "bun:test";
import { parseFraction, parseMbit, parseMilliseconds } from "../../../lab/units.ts";

describe("units on the lab's command line", () => {
  test("times are ms, or s when it says so", () => {
    expect(["120ms", "120", "1.5s", "0ms"].map(parseMilliseconds)).toEqual([120, 120, 1500, 0]);
  });

  test("shares are per cent or fractions", () => {
    expect(["1%", "0.01", "100%", "0"].map(parseFraction)).toEqual([0.01, 0.01, 1, 0]);
  });

  test("rates are Mbit/s, with kbit and Gbit understood", () => {
    expect(["20Mbit", "20", "500kbit", "1gbit"].map(parseMbit)).toEqual([20, 20, 0.5, 1000]);
  });

  test.each(["", "fast", "-5ms", "5 m", "1e3"])("%p is no time", (text) => {
    expect(() => parseMilliseconds(text)).toThrow("a time like 120ms");
  });

  test.each(["", "101%", "-1%", "2"])("%p is no share", (text) => {
    expect(() => parseFraction(text)).toThrow("a share like 1%");
  });

  test.each(["", "0", "fast", "5 Mbit/s"])("%p is no rate", (text) => {
    expect(() => parseMbit(text)).toThrow("a rate like 20Mbit");
  });
});
