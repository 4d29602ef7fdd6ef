import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../../lab/down.ts";
import { must } from "../../../lab/machines/must.ts";
import { restoreLab, snapshotLab } from "../../../lab/machines/snapshot.ts";
import { planLab } from "../../../lab/plan.ts";
import { createAuthKey } from "../../../lab/tailnet/auth-key.ts";
import { installTailscale } from "../../../lab/tailnet/install.ts";
import { deleteNode, tailnetNodes } from "../../../lab/tailnet/nodes.ts";
import { describeLab } from "../../lab-only.ts";
import {
  addressOf,
  hostsOf,
  logIn,
  startTailnetLab,
  statusWhen,
  tailnetPlan,
} from "../tailnet/tailnet-lab.ts";

const plan = planLab("test-machines-tailnet", tailnetPlan("headscale").scenario);
const [pve1, pve2] = hostsOf(plan);

describeLab("a snapshot of a lab with headscale", () => {
  beforeAll(() => startTailnetLab(plan));
  afterAll(() => takeDown(plan));

  test("brings hosts and control server back to one and the same tailnet", async () => {
    for (const host of plan.hosts) {
      await installTailscale(plan, host);
      expect((await logIn(plan, host, await createAuthKey(plan))).exitCode).toBe(0);
    }
    const address = await addressOf(plan, pve2);
    const before = await tailnetNodes(plan);
    await snapshotLab(plan, "logged-in");

    await must(plan, pve1, ["tailscale", "logout"]);
    for (const node of await tailnetNodes(plan)) await deleteNode(plan, node.label);
    expect(await tailnetNodes(plan)).toEqual([]);

    await restoreLab(plan, "logged-in");
    expect((await tailnetNodes(plan)).map(({ label }) => label)).toEqual(before.map(({ label }) => label));
    for (const host of plan.hosts)
      await statusWhen(plan, host, ({ BackendState }) => BackendState === "Running");
    await must(plan, pve1, ["tailscale", "ping", "--c=10", "--timeout=2s", "--until-direct=false", address]);
  });
});
