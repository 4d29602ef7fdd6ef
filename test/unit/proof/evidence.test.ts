import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../../../lab/paths.ts";
import { AGAIN } from "../../../proof/judge-again.ts";
import { lossCells } from "../../../proof/stability/evidence.ts";
import { expectedOf } from "../../../proof/stability/expected.ts";

/** Real corosync's figures in docs/evidence, beside what the model says today: whoever changes it sees it here. */
describe("the forecast beside the evidence", async () => {
  const cells = lossCells.parse(await cellsIn("stability-loss"));
  const beside = cells
    .filter(({ loss }) => loss > 0)
    .map((cell) => ({ ...cell, now: expectedOf(cell, cell.loss, cell.seconds, 0.05).changes }));

  test("under loss: each count within a factor of 3 where more than ten are expected", () => {
    for (const { changes, now } of beside.filter((cell) => cell.now > 10)) {
      expect(changes / now).toBeGreaterThan(1 / 3);
      expect(changes / now).toBeLessThan(3);
    }
  });

  test("under loss: each setting's counts of all cells within a factor of 1.6", () => {
    for (const settings of ["pve-8", "pve-9"] as const) {
      const own = beside.filter((cell) => cell.settings === settings);
      const measured = own.reduce((sum, { changes }) => sum + changes, 0);
      const expected = own.reduce((sum, { now }) => sum + now, 0);
      expect(measured / expected).toBeGreaterThan(1 / 1.6);
      expect(measured / expected).toBeLessThan(1.6);
    }
  });

  test("under loss: links that went down, each setting's all cells, within a factor of 1.3", () => {
    for (const settings of ["pve-8", "pve-9"] as const) {
      const own = beside.filter((cell) => cell.settings === settings);
      const measured = own.reduce((sum, { linkDowns }) => sum + linkDowns, 0);
      const expected = own.reduce((sum, { expected: { linkDowns } }) => sum + linkDowns, 0);
      expect(measured / expected).toBeGreaterThan(1 / 1.3);
      expect(measured / expected).toBeLessThan(1.3);
    }
  });

  test("under loss: tuned settings, no change expected and none measured", () => {
    for (const { changes, now } of beside.filter(({ settings }) => settings === "tuned")) {
      expect(changes).toBe(0);
      expect(now).toBeLessThan(0.01);
    }
  });
});

describe("rings, outages, bursts and endings beside the evidence", () => {
  test.each(["ring", "stability-outages", "stability-outages-idle", "stability-bursts", "stability-endings"])(
    "%s holds",
    async (name) => {
      const again = AGAIN[name];
      expect(again?.({ cells: await cellsIn(name) }).broken).toEqual([]);
    },
  );
});

async function cellsIn(name: string): Promise<unknown> {
  const text: unknown = await Bun.file(join(projectDir, `docs/evidence/${name}.json`)).json();
  return z.object({ measured: z.object({ cells: z.unknown() }) }).parse(text).measured.cells;
}
