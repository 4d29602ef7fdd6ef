import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { type LabPlan, planLab } from "../../lab/plan.ts";
import { loadScenario } from "../../lab/scenarios/load.ts";
import { labUp } from "../../lab/up.ts";
import { describeLab } from "../lab-only.ts";
import { clusterByHand } from "./fire/cluster-by-hand.ts";
import { underFire } from "./fire/under-fire.ts";

/** A sample; `npm run proof -- filesystem` does it for five minutes. */
const SAMPLE_MS = 40_000;

describeLab("the file system of five hosts under fire", () => {
  const name = "test-standin-fire";
  let plan: LabPlan;

  beforeAll(async () => {
    const scenario = await loadScenario("five");
    await takeDown(planLab(name, scenario));
    plan = await labUp(name, scenario);
    await clusterByHand(plan);
  }, 300_000);

  afterAll(() => takeDown(plan), 60_000);

  test("loses no write that returned and was seen by the majority, and is the same everywhere at the end", async () => {
    const report = await underFire(plan, { durationMs: SAMPLE_MS });
    console.log(JSON.stringify(report));
    expect(report.lost).toEqual([]);
    expect(report.differing).toEqual([]);
    expect(report.seen).toBeGreaterThan(50);
    expect(Object.keys(report.faults).length).toBeGreaterThanOrEqual(2);
  }, 600_000);
});
