import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { takeDown } from "../../../lab/down.ts";
import { holderPid } from "../../../lab/machines/machine.ts";
import { planLab } from "../../../lab/plan.ts";
import { scenario } from "../../../lab/scenario.ts";
import { runOk } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import { footprint, NOTHING } from "./footprint.ts";
import { hostsOf, planOf, start } from "./lab-of.ts";

const plan = planOf("destroy");
const [pve1] = hostsOf(plan);

describeLab("the end of a lab", () => {
  afterAll(() => takeDown(plan));

  test("leaves no process, mount, loop device, cgroup, namespace or file", async () => {
    await start(plan);
    const during = await footprint(plan);
    expect(during.processes.length).toBeGreaterThan(10);
    expect(during.loops).toHaveLength(2);
    expect(during.cgroups).toHaveLength(2);
    expect(during.mounts.length).toBeGreaterThan(0);
    await takeDown(plan);
    expect(await footprint(plan)).toEqual(NOTHING);
    await takeDown(plan);
  });

  test("needs no plan of its hosts", async () => {
    await start(plan);
    const bare = { name: "none", summary: "", tailnet: "none" as const, sites: [{ name: "x" }] };
    const hosts = [{ name: "x", site: "x", release: "pve9" as const }];
    await takeDown(planLab(plan.name, scenario.parse({ ...bare, hosts })));
    expect(await footprint(plan)).toEqual(NOTHING);
  });

  test("finds everything of a lab that was killed at any moment of its start", async () => {
    for (const afterMs of [400, 700, 900, 1000, 1100, 1200, 1300]) {
      const child = spawn(process.execPath, [join(import.meta.dir, "start-lab.ts"), "destroy"], {
        detached: true,
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      await Bun.sleep(afterMs);
      child.kill("SIGKILL");
      await ended;
      await takeDown(plan);
      expect(await footprint(plan)).toEqual(NOTHING);
    }
  });

  test("comes also to a lab that was killed while it held a disk still for a snapshot", async () => {
    await start(plan);
    const disk = join(pve1.dir, "disk");
    const holder = await holderPid(plan, pve1);
    await runOk(["nsenter", `--target=${holder}`, "--mount", "--", "fsfreeze", "--freeze", disk]);
    await takeDown(plan);
    expect(await footprint(plan)).toEqual(NOTHING);
  });
});
