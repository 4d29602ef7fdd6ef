import { afterAll, beforeAll, test } from "bun:test";
import { describeLab } from "../../test/lab-only.ts";
import type { Stage } from "./stage.ts";
import { strikeAtEveryChange } from "./strike.ts";
import { joinStruckBy, setThreshold } from "./threshold.ts";

describeLab("a second run ends well after a join during which, at every change, there was", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setThreshold("proof-strikes-member");
  }, 400_000);
  afterAll(() => stage.close(), 60_000);

  for (const blow of ["power cut of the accepting member"] as const) {
    test(`a ${blow}`, () => strikeAtEveryChange(stage, joinStruckBy(blow)), 3_600_000);
  }
});
