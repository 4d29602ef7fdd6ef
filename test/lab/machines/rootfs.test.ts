import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../../lab/down.ts";
import { createFabric } from "../../../lab/fabric/create.ts";
import { ensureImage, imageForHost } from "../../../lab/images/image.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { prepareHost } from "../../../lab/machines/prepare.ts";
import { planLab } from "../../../lab/plan.ts";
import { scenario } from "../../../lab/scenario.ts";
import { describeLab } from "../../lab-only.ts";
import { script } from "./lab-of.ts";

const named = (rootfs: string) =>
  planLab(
    "test-machines-rootfs",
    scenario.parse({
      name: "rootfs",
      summary: "a root that somebody else prepared",
      tailnet: "none",
      sites: [{ name: "here" }],
      hosts: [{ name: "other", site: "here", release: "pve9", rootfs }],
    }),
  );

describeLab("a root that somebody else prepared", () => {
  beforeAll(() => takeDown(named("/")));
  afterAll(() => takeDown(named("/")));

  test("boots without anything of the stand-in", async () => {
    // Debian alone: the lab's image without its upper layer.
    const debian = (await ensureImage("pve9")).at(-1) ?? "";
    const plan = named(debian);
    await createFabric(plan);
    for (const host of plan.hosts) {
      await prepareHost(plan, host, { files: [{ path: "/etc/resolv.conf", content: "" }] });
      expect((await bootHost(plan, host)).state).toBe("running");
      expect(await script(plan, host, "uname -n; command -v pvecm || echo none")).toBe("other\nnone\n");
    }
  });

  test("is refused when there is none", async () => {
    await expect(imageForHost({ release: "pve9", rootfs: "/nowhere" })).rejects.toMatchObject({
      code: "E_LAB_IMAGE",
    });
  });
});
