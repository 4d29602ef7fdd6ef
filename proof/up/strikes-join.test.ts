import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";
import { shortenGuard, strikeAtEveryChange } from "./strike.ts";

describeLab("the guard or a second run ends well after a join that was struck, at every change, by", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-strikes-join");
    expect((await stage.up("pve1")).exitCode).toBe(0);
    expect((await stage.up("pve2")).exitCode).toBe(0);
    await shortenGuard(stage, "pve3");
    await stage.keep("two");
  }, 400_000);
  afterAll(() => stage.close(), 60_000);

  for (const blow of [
    "SIGKILL of tailmox",
    "power cut of this host",
    "power cut of the accepting member",
  ] as const) {
    test(
      `a ${blow}`,
      () =>
        strikeAtEveryChange(stage, {
          snapshot: "two",
          host: "pve3",
          blow,
          members: ["pve1", "pve2", "pve3"],
        }),
      3_600_000,
    );
  }
});
