import { expect, test } from "bun:test";
import { request } from "../../../../lab/fabric/relay/protocol.ts";
import { directionOf } from "../../../../lab/fabric/relay/settings.ts";
import { createTable } from "../../../../lab/fabric/relay/table.ts";

const forth = { from: 2, to: 3 };
const back = { from: 3, to: 2 };
const asked = directionOf({ rttMs: 20 });

test("a change of one direction leaves the other as it is", () => {
  const table = tableOfOnePair();
  table.apply({ do: "change", ways: [forth], change: { delayMs: 70, loss: 0.5 } });
  expect(table.find(2, 3)?.settings).toEqual({ ...asked, delayMs: 70, loss: 0.5 });
  expect(table.find(3, 2)?.settings).toEqual(asked);
});

test("a cut of one direction leaves the other, and a change does not mend it", () => {
  const table = tableOfOnePair();
  table.apply({ do: "cut", ways: [forth] });
  table.apply({ do: "change", ways: [forth], change: { loss: 0 } });
  expect(table.read().map(({ from, cut }) => [from, cut])).toEqual([
    [2, true],
    [3, false],
  ]);
});

test("a reset gives back settings and connection, and keeps the counters", () => {
  const table = tableOfOnePair();
  const way = table.find(2, 3);
  if (way) way.counters.packets = 5;
  table.apply({ do: "cut", ways: [forth, back] });
  table.apply({ do: "change", ways: [forth], change: { delayMs: 70 } });
  table.apply({ do: "reset", directions: [{ ...forth, settings: asked }] });
  expect(table.find(2, 3)).toMatchObject({ isCut: false, settings: asked, counters: { packets: 5 } });
  expect(table.find(3, 2)?.isCut).toBe(true);
});

test("an order that names a way that is not there changes nothing at all", () => {
  const table = tableOfOnePair();
  expect(() => table.apply({ do: "cut", ways: [forth, { from: 2, to: 9 }] })).toThrow("port 2 to port 9");
  expect(table.find(2, 3)?.isCut).toBe(false);
});

test("orders out of bounds are refused at the door", () => {
  const change = (value: unknown) =>
    request.safeParse({ do: "change", ways: [forth], change: value }).success;
  expect(change({ loss: 1 })).toBe(true);
  expect(change({ loss: 1.1 })).toBe(false);
  expect(change({ delayMs: -1 })).toBe(false);
  expect(change({ rateMbit: 0 })).toBe(false);
  expect(request.safeParse({ do: "cut", ways: [{ from: 0, to: 3 }] }).success).toBe(false);
  expect(request.safeParse({ do: "explode" }).success).toBe(false);
});

function tableOfOnePair() {
  const table = createTable();
  table.apply({ do: "reset", directions: [forth, back].map((way) => ({ ...way, settings: asked })) });
  return table;
}
