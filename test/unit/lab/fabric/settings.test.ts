import { expect, test } from "bun:test";
import { directionChange, directionOf } from "../../../../lab/fabric/relay/settings.ts";

test("each direction of a link has half of its round trip and all of the rest", () => {
  const burst = { start: 0.01, meanPackets: 5 };
  expect(directionOf({ rttMs: 90, jitterMs: 4, loss: 0.01, burst, rateMbit: 20, queueBytes: 5000 })).toEqual({
    delayMs: 45,
    jitterMs: 4,
    loss: 0.01,
    burst,
    rateMbit: 20,
    queueBytes: 5000,
  });
});

test("a link of which only the round trip is known neither loses nor limits", () => {
  expect(directionOf({ rttMs: 20 })).toEqual({
    delayMs: 10,
    jitterMs: 0,
    loss: 0,
    burst: null,
    rateMbit: null,
    queueBytes: 65_536,
  });
});

test("a change names only what it changes", () => {
  expect(directionChange({})).toEqual({});
  expect(directionChange({ loss: 0.1 })).toEqual({ loss: 0.1 });
  expect(directionChange({ rttMs: 0 })).toEqual({ delayMs: 0 });
});

test("null takes a setting away", () => {
  const everything = {
    rttMs: null,
    jitterMs: null,
    loss: null,
    burst: null,
    rateMbit: null,
    queueBytes: null,
  };
  expect(directionChange(everything)).toEqual(directionOf({ rttMs: 0 }));
});
