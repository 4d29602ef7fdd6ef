import { afterAll, beforeAll, test } from "bun:test";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";
import { strikeAtEveryChange } from "./strike.ts";

describeLab("a second run ends well after a create that was struck, at every change, by", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-strikes-create");
  }, 300_000);
  afterAll(() => stage.close(), 60_000);

  for (const blow of ["SIGKILL of tailmox", "power cut of this host"] as const) {
    test(
      `a ${blow}`,
      () => strikeAtEveryChange(stage, { snapshot: "staged", host: "pve1", blow, members: ["pve1"] }),
      1_800_000,
    );
  }
});
