import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../lab/down.ts";
import { cutRole, heal } from "../lab/fabric/relay-control.ts";
import { bootHost } from "../lab/machines/boot.ts";
import { crashHost } from "../lab/machines/power.ts";
import { waitForVotes } from "../lab/story/cut-and-return.ts";
import { type RingOfThree, ringOfThree, TUNED } from "../test/cluster/tune/ring-of-three.ts";
import { describeLab } from "../test/lab-only.ts";

describeLab("tailmox tune while links and power fail", () => {
  let ring: RingOfThree;

  beforeAll(async () => {
    ring = await ringOfThree("proof-tune");
  }, 400_000);

  afterAll(() => takeDown(ring.plan), 60_000);

  test("all links cut in the middle: each host takes it back alone, and healed they agree", async () => {
    const before = (await ring.confs())[0];
    const tune = ring.on("pve1", "tailmox", "tune", "--yes");
    await Promise.race([ring.untilVersion("pve3", ring.version(before) + 1), ring.endedEarly(tune)]);
    for (const one of ring.plan.hosts) await cutRole(ring.plan, one.name);
    await ring.untilVersion("pve1", ring.version(before) + 2);
    await ring.untilVersion("pve2", ring.version(before) + 2);
    await ring.untilVersion("pve3", ring.version(before) + 2);
    await heal(ring.plan);
    const after = await ring.settledOn(120_000);
    expect(after).toBe(ring.withVersion(before, ring.version(before) + 2));
    expect((await tune).exitCode).toBe(5);
  }, 400_000);

  test("a power cut of a member at the moment of the confirmation does not bring the old settings back", async () => {
    const before = (await ring.confs())[0];
    const tune = ring.on("pve1", "tailmox", "tune", "--yes");
    const deadline = Date.now() + 120_000;
    while (
      (await ring.on("pve3", "test", "-e", "/etc/pve/tailmox-tune.json")).exitCode !== 0 ||
      !(await ring.recordIsNew())
    ) {
      if (Date.now() > deadline) throw new Error("never confirmed");
      await Bun.sleep(100);
    }
    await crashHost(ring.plan, ring.host("pve3"));
    expect((await tune).exitCode).toBe(0);
    await bootHost(ring.plan, ring.host("pve3"));
    const after = await ring.settledOn(150_000);
    expect(ring.version(after)).toBe(ring.version(before) + 1);
    expect(await ring.inForce()).toEqual([TUNED, TUNED, TUNED]);
  }, 400_000);

  test("a power cut of the host that tunes leaves all hosts with the same settings", async () => {
    const before = (await ring.confs())[0];
    const argv = ["tune", "--undo", "--yes", "--confirm-within", "60s"];
    const tune = ring.on("pve1", "tailmox", ...argv).catch(() => undefined);
    await Promise.race([ring.untilVersion("pve2", ring.version(before) + 1), ring.endedEarly(tune)]);
    await crashHost(ring.plan, ring.host("pve1"));
    await tune;
    await ring.untilVersion("pve2", ring.version(before) + 2);
    await ring.untilVersion("pve3", ring.version(before) + 2);
    await bootHost(ring.plan, ring.host("pve1"));
    const after = await ring.settledOn(150_000);
    expect(after).toBe(ring.withVersion(before, ring.version(before) + 2));
    await waitForVotes(ring.plan, ring.plan.hosts, { quorate: true, votes: 3 });
  }, 400_000);
});
