import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../../lab/down.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { isRunning } from "../../../lab/machines/machine.ts";
import { crashHost, shutdownHost } from "../../../lab/machines/power.ts";
import { restoreLab, snapshotLab, snapshotNames } from "../../../lab/machines/snapshot.ts";
import { describeLab } from "../../lab-only.ts";
import { hostsOf, planOf, script, start } from "./lab-of.ts";

const plan = planOf("snapshot");
const [pve1, pve2] = hostsOf(plan);

describeLab("a snapshot", () => {
  beforeAll(() => start(plan));
  afterAll(() => takeDown(plan));

  test("of running hosts holds what was written until then, synced or not, and comes back in seconds", async () => {
    for (const host of plan.hosts) await script(plan, host, "echo before > /root/state");
    await snapshotLab(plan, "prepared");
    for (const host of plan.hosts)
      await script(plan, host, "echo after > /root/state; touch /root/new; sync");
    const since = performance.now();
    await restoreLab(plan, "prepared");
    expect(performance.now() - since).toBeLessThan(15_000);
    for (const host of plan.hosts)
      expect(await script(plan, host, "cat /root/state; ls")).toBe("before\nstate\n");
  });

  test("leaves the hosts running, and can be restored any number of times", async () => {
    const boots = await script(plan, pve1, "cat /proc/sys/kernel/random/boot_id");
    await snapshotLab(plan, "again");
    expect(await script(plan, pve1, "echo on > /root/on; cat /proc/sys/kernel/random/boot_id")).toBe(boots);
    await restoreLab(plan, "prepared");
    await restoreLab(plan, "again");
    expect(await script(plan, pve1, "ls /root")).toBe("state\n");
    expect(await snapshotNames(plan)).toEqual(["again", "prepared"]);
  });

  test("can be taken of a host that is off", async () => {
    await shutdownHost(plan, pve2);
    await snapshotLab(plan, "half");
    expect(await isRunning(plan, pve2)).toBe(false);
    await crashHost(plan, pve1);
    await restoreLab(plan, "half");
    expect((await bootHost(plan, pve2)).state).toBe("running");
  });

  test("is not overwritten, not invented and not put elsewhere", async () => {
    const refused = { code: "E_LAB_SNAPSHOT" };
    await expect(snapshotLab(plan, "prepared")).rejects.toMatchObject(refused);
    await expect(restoreLab(plan, "none")).rejects.toMatchObject({
      ...refused,
      likely: expect.stringContaining("half"),
    });
    await expect(snapshotLab(plan, "../x")).rejects.toMatchObject(refused);
    expect(await isRunning(plan, pve1)).toBe(true);
  });
});
