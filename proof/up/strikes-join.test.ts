import { afterAll, beforeAll, test } from "bun:test";
import { describeLab } from "../../test/lab-only.ts";
import type { Stage } from "./stage.ts";
import { strikeAtEveryChange } from "./strike.ts";
import { joinStruckBy, setThreshold } from "./threshold.ts";

describeLab("the guard or a second run ends well after a join that was struck, at every change, by", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setThreshold("proof-strikes-join");
  }, 400_000);
  afterAll(() => stage.close(), 60_000);

  for (const blow of ["SIGKILL of tailmox", "power cut of this host"] as const) {
    test(`a ${blow}`, () => strikeAtEveryChange(stage, joinStruckBy(blow)), 3_600_000);
  }
});
