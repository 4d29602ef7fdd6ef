import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeLab } from "../../test/lab-only.ts";
import { type Stage, setStage } from "./stage.ts";

/** Four hosts at two sites, which join in turn: the ids of the two sites would alternate. */
describeLab("tailmox up on hosts of two sites", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-up-ring", {
      sites: [{ name: "home" }, { name: "rented" }],
      hosts: ["home", "rented", "home", "rented"].map((site, index) => ({
        name: `pve${index + 1}`,
        site,
        release: "pve9",
        tailscale: true,
      })),
      links: [
        { a: "home", b: "home", rttMs: 2 },
        { a: "rented", b: "rented", rttMs: 2 },
        { a: "home", b: "rented", rttMs: 80 },
      ],
    });
  }, 300_000);
  afterAll(() => stage.close(), 60_000);

  test("gives the fourth an id beside the host of its own site, and the ring is as short as it can be", async () => {
    for (const [index, name] of ["pve1", "pve2", "pve3", "pve4"].entries()) {
      const said = await stage.up(name, ...(index === 0 ? ["--create"] : []));
      expect(said.exitCode).toBe(0);
      // Both sides of pve2 are as good: the echoes of the day decide.
      if (index === 3)
        expect(said.text).toMatch(/between (pve1|pve2) .* and (pve2|pve3) .* the ring is shortest/);
    }
    const conf = await stage.sh("pve1", "cat /etc/pve/corosync.conf");
    const ids = [...conf.matchAll(/name: (\S+)\s+nodeid: (\d+)/g)].map(([, name, id]) => [name, Number(id)]);
    const { pve4, ...others } = Object.fromEntries(ids);
    expect(others).toEqual({ pve1: 10, pve2: 20, pve3: 30 });
    expect([15, 25]).toContain(pve4);
    const ring = await stage.tailmox("pve1", "ring");
    console.log(ring.text);
    expect(ring.exitCode).toBe(0);
  }, 300_000);
});
