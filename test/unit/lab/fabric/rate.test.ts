import { expect, test } from "bun:test";
import { departureOf } from "../../../../lab/fabric/relay/rate.ts";

test("without a rate a packet leaves at once", () => {
  expect(departureOf({ freeAt: 0 }, 17, 1500, null, 1)).toBe(17);
});

test("packets leave one after the other, each after its own bits", () => {
  const wire = { freeAt: 0 };
  // 1250 bytes at 10 Mbit/s: 1 ms.
  const departures = [0, 0, 0, 10].map((now) => departureOf(wire, now, 1250, 10, 64 * 1024));
  expect(departures).toEqual([1, 2, 3, 11]);
});

test("what finds more than the queue's bytes before it is dropped, and takes no room", () => {
  const wire = { freeAt: 0 };
  const passed = Array.from({ length: 10 }, () => departureOf(wire, 0, 1000, 8, 3000));
  expect(passed).toEqual([1, 2, 3, ...Array(7).fill(undefined)]);
  expect(departureOf(wire, 1, 1000, 8, 3000)).toBe(4);
});

test("a packet bigger than the queue passes when the wire is free", () => {
  expect(departureOf({ freeAt: 0 }, 5, 1500, 12, 100)).toBe(6);
});

test("over a second a full wire passes its rate, neither less nor more", () => {
  const wire = { freeAt: 0 };
  let bytes = 0;
  for (let now = 0; now < 1000; now += 0.2) {
    const departure = departureOf(wire, now, 1400, 20, 64 * 1024);
    if (departure !== undefined && departure <= 1000) bytes += 1400;
  }
  expect((bytes * 8) / 1e6).toBeGreaterThan(19.9);
  expect((bytes * 8) / 1e6).toBeLessThanOrEqual(20);
});

test("taking the rate away frees the wire", () => {
  const wire = { freeAt: 5000 };
  expect(departureOf(wire, 10, 1500, null, 1)).toBe(10);
  expect(departureOf(wire, 10, 1250, 10, 64 * 1024)).toBe(11);
});
