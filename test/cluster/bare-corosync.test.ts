import { afterAll, beforeAll, expect, test } from "bun:test";
import { median } from "../../lab/measure.ts";
import type { LabPlan } from "../../lab/plan.ts";
import { signalHost, startCell } from "../../proof/corosync-cells/corosync.ts";
import { endCells } from "../../proof/corosync-cells/end.ts";
import { fabricOf, type PlacedCell, setLoss } from "../../proof/corosync-cells/fabric.ts";
import { happenedBetween, journalsOf, untilWhole, usableAfter } from "../../proof/corosync-cells/ring-log.ts";
import { writeOn } from "../../proof/corosync-cells/writer.ts";
import { meshOf } from "../../proof/ring/orders.ts";
import { evenMesh } from "../../proof/stability/even-mesh.ts";
import { type EvenCell, evenCell } from "../../proof/stability/grid.ts";
import { ringFigures } from "../../src/cluster/ring-figures.ts";
import { PROXMOX_DEFAULTS } from "../../src/cluster/totem.ts";
import { describeLab } from "../lab-only.ts";

/** A sample of the proofs `ring` and `stability`, whose full measurements are in docs/evidence. */
describeLab("real corosync, bare, beside the forecast", () => {
  let plan: LabPlan;
  let far: EvenCell & PlacedCell;
  let lossy: EvenCell & PlacedCell;

  beforeAll(async () => {
    const wanted = [
      evenCell("far", { settings: "pve-9", rttMs: 80, hosts: 3 }),
      evenCell("lossy", { settings: "tuned", rttMs: 50, hosts: 3 }),
    ];
    const made = await fabricOf("test-bare-corosync", wanted);
    plan = made.plan;
    for (const cell of made.cells) await startCell(plan, cell);
    const [first, second] = made.cells;
    if (!first || !second) throw new Error("no cells");
    [far, lossy] = [first, second];
    const whole = await Promise.all(made.cells.map((cell) => untilWhole(plan, cell, 90_000)));
    expect(whole).toEqual([true, true]);
  }, 180_000);

  afterAll(() => endCells(plan), 60_000);

  test("a message takes a rotation where one follows the other", async () => {
    const { latenciesMs } = await writeOn(plan, far, 0, { seconds: 5, pauseMs: 0 });
    const predicted = meshOf({ name: "far", hosts: 3, orders: {}, oneWayMs: far.oneWayMs });
    const { rotationMs } = ringFigures(predicted, [0, 1, 2], PROXMOX_DEFAULTS["pve-9"]);
    const measured = median(latenciesMs) ?? 0;
    expect(measured / rotationMs).toBeGreaterThan(0.98);
    expect(measured / rotationMs).toBeLessThan(1.25);
  }, 120_000);

  test("tuned settings hold a ring at 5 % loss, and messages arrive", async () => {
    await setLoss(plan, lossy, 0.05);
    const from = Date.now();
    const { latenciesMs } = await writeOn(plan, lossy, 0, { seconds: 15, pauseMs: 200 });
    const happened = happenedBetween(await journalsOf(plan, lossy), from, Date.now());
    expect(happened).toEqual({ rings: 0, mostOfOneHost: 0, linkDowns: 0, tokenLosses: 0 });
    expect(latenciesMs.length).toBeGreaterThan(10);
  }, 60_000);

  test("after a power cut the others serve again when the forecast says", async () => {
    const { crash } = ringFigures(evenMesh(3, 80, 0), [0, 1, 2], far.totem).outageMs;
    const cut = await signalHost(plan, far, 2, "SIGKILL");
    await Bun.sleep(1.5 * crash);
    const journals = await journalsOf(plan, far);
    for (const place of [0, 1]) {
      const outage = (usableAfter(journals[place] ?? [], cut) ?? Number.POSITIVE_INFINITY) - cut;
      expect(outage / crash).toBeGreaterThan(0.8);
      expect(outage / crash).toBeLessThan(1.25);
    }
  }, 60_000);
});
