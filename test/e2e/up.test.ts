import { afterAll, beforeAll, expect, test } from "bun:test";
import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { pingFrom } from "../../lab/measure.ts";
import { type LabPlan, planLab } from "../../lab/plan.ts";
import { progressOnStderr } from "../../lab/progress.ts";
import { loadScenario } from "../../lab/scenarios/load.ts";
import { clusterHosts } from "../../lab/story/cluster-hosts.ts";
import { cutAndReturn, waitForVotes } from "../../lab/story/cut-and-return.ts";
import { askedMs, tailnetAddress } from "../../lab/story/latency-matrix.ts";
import { tailmoxOn } from "../../lab/story/tailmox-on.ts";
import { writeAndRead } from "../../lab/story/write-and-read.ts";
import { labUp } from "../../lab/up.ts";

import { describeLab } from "../lab-only.ts";
import { traces } from "../traces.ts";

/** The demo's path, end to end, by the compiled executable, on each kind of tailnet. */
describeLab.each(["demo", "hosted"])("tailmox up on the hosts of the scenario %s", (scenarioName) => {
  const name = `e2e-${scenarioName}`;
  let plan: LabPlan;
  let before: string[];

  beforeAll(async () => {
    const scenario = await loadScenario(scenarioName);
    await takeDown(planLab(name, scenario));
    before = await traces(planLab(name, scenario));
    plan = await labUp(name, scenario);
  });

  afterAll(() => takeDown(plan));

  test("bare hosts become one quorate cluster of three", async () => {
    const lines: string[] = [];
    await clusterHosts(plan, { chapter: console.log, line: (line) => lines.push(line) });
    await waitForVotes(plan, plan.hosts, { quorate: true, votes: 3 });
    const text = lines.join("\n");
    expect(text).not.toContain("undefined");
    const web =
      scenarioName === "hosted" ? "https://pve1.lab.ts.net, certificate valid" : "none: this tailnet gives";
    expect(text).toContain(web);
    for (const host of plan.hosts) {
      const { stdout } = await hostExec(plan, host, ["cat", "/etc/pve/.members"]);
      const members: unknown = JSON.parse(stdout);
      const nodelist = Object.fromEntries(
        await Promise.all(
          plan.hosts.map(
            async (peer) => [peer.name, { ip: await tailnetAddress(plan, peer), online: 1 }] as const,
          ),
        ),
      );
      expect(members).toMatchObject({ cluster: { quorate: 1, nodes: 3 }, nodelist });
    }
  });

  test("a second run on every host finds nothing to do and ends with 0", async () => {
    for (const host of plan.hosts) {
      const lines: string[] = [];
      expect(await tailmoxOn(plan, host, ["up", "--yes"], (line) => lines.push(line))).toBe(0);
      expect(lines.join("\n").toLowerCase()).toContain("nothing to do");
    }
  });

  test("no connection outlives the run that opened it", async () => {
    for (const host of plan.hosts) {
      const { stdout } = await hostExec(plan, host, ["sh", "-c", "ls /run/tailmox; pgrep -fa '\\[mux\\]'"]);
      expect(stdout).not.toMatch(/^(key|password)-|\[mux\]/m);
    }
  });

  test("the tailnet has the round trips that were asked of the emulated internet, within 4 ms", async () => {
    const [first, ...others] = plan.hosts;
    for (const other of others) {
      const address = await tailnetAddress(plan, other);
      if (!first || !address) throw new Error("a host without an address on the tailnet");
      const { medianMs } = await pingFrom(first.namespace, address);
      expect(Math.abs((medianMs ?? 0) - (askedMs(plan, first, other) ?? Number.NaN))).toBeLessThan(4);
    }
  });

  test("what is written to /etc/pve on one host is read on another", async () => {
    await writeAndRead(plan, () => {});
  });

  test("a host that is cut off loses quorum, the others keep it, and it comes back", async () => {
    await cutAndReturn(plan, progressOnStderr());
  });

  test("no secret stands in a log or journal of a host", async () => {
    for (const host of plan.hosts) {
      const key = (await hostExec(plan, host, ["cat", "/root/tailnet.key"])).stdout.trim();
      const secrets = [key, ...plan.hosts.map((peer) => peer.password)];
      const places = ["/var/log", "/run", "/etc/systemd", "/var/lib/tailmox"];
      for (const secret of secrets) {
        const grep = ["grep", "-rlaF", "--", secret, ...places];
        expect((await hostExec(plan, host, ["env", "-C", "/", ...grep])).stdout).toBe("");
        const journal = await hostExec(plan, host, [
          "journalctl",
          "--no-pager",
          "-o",
          "cat",
          "--grep",
          secret,
        ]);
        expect(journal.stdout).not.toContain(secret);
      }
    }
  });

  test("after lab down nothing of it is left", async () => {
    await takeDown(plan);
    expect(await traces(plan)).toEqual(before);
    expect(before.filter((line) => line.includes(plan.id) || line.includes(plan.dir))).toEqual([]);
  });
});
