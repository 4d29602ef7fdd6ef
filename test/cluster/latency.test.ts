import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { takeDown } from "../../lab/down.ts";
import { heal, setLink } from "../../lab/fabric/relay-control.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { must } from "../../lab/machines/must.ts";
import { type LabPlan, planLab } from "../../lab/plan.ts";
import { loadScenario } from "../../lab/scenarios/load.ts";
import { clusterHosts } from "../../lab/story/cluster-hosts.ts";
import { labUp } from "../../lab/up.ts";
import { parseLatencyMatrix } from "../../src/cluster/latency-matrix.ts";
import { fullMesh } from "../../src/cluster/mesh.ts";
import { describeLab } from "../lab-only.ts";

const measured = z.object({
  result: z.object({
    scope: z.object({ kind: z.string(), cluster: z.string() }),
    hosts: z.array(z.object({ name: z.string(), nodeid: z.number(), unknown: z.string().optional() })),
    links: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        sent: z.number(),
        rttMs: z.object({ median: z.number() }).optional(),
        mtu: z.number().optional(),
        path: z.string().optional(),
        knet: z.object({ connected: z.boolean() }).optional(),
      }),
    ),
    matrix: z.unknown(),
  }),
});

describeLab("tailmox latency on a cluster of three hosts at 20, 90 and 110 ms", () => {
  const name = "latency";
  let plan: LabPlan;

  beforeAll(async () => {
    const scenario = await loadScenario("demo");
    await takeDown(planLab(name, scenario));
    plan = await labUp(name, scenario);
    await clusterHosts(plan, { chapter: () => undefined, line: () => undefined });
  }, 300_000);

  afterAll(() => takeDown(plan), 60_000);

  /** Runs tailmox on a host and gives its stdout; it must end with 0. */
  async function tailmox(host: string, ...argv: string[]): Promise<string> {
    const on = plan.hosts.find((one) => one.name === host);
    if (!on) throw new Error(`no host ${host}`);
    return must(plan, on, ["tailmox", ...argv]);
  }

  async function latency(host: string, ...argv: string[]) {
    const { result } = measured.parse(JSON.parse(await tailmox(host, "latency", "--json", ...argv)));
    return { ...result, matrix: parseLatencyMatrix(JSON.stringify(result.matrix), "the answer") };
  }

  test("finds the asked round trips within 2 ms, in both directions, with MTU and path", async () => {
    const started = performance.now();
    const { scope, hosts, links } = await latency("pve1");
    const took = performance.now() - started;
    expect(scope).toEqual({ kind: "members", cluster: "tailmox" });
    expect(hosts.map(({ unknown }) => unknown)).toEqual([undefined, undefined, undefined]);
    const asked = new Map([
      ["pve1 pve2", 20],
      ["pve1 pve3", 90],
      ["pve2 pve3", 110],
    ]);
    expect(links).toHaveLength(6);
    for (const { from, to, rttMs, mtu, path, knet, sent } of links) {
      const rtt = asked.get([from, to].sort().join(" ")) ?? 0;
      expect(rttMs?.median).toBeWithin(rtt, rtt + 2);
      expect({ mtu, path, connected: knet?.connected }).toEqual({
        mtu: 1280,
        path: "direct",
        connected: true,
      });
      expect(sent).toBeGreaterThanOrEqual(30);
    }
    expect(took).toBeLessThan(20_000);
  }, 60_000);

  test("its matrix is what forecast, ring and tune read, and they measure one themselves", async () => {
    await tailmox("pve1", "latency", "--for", "2s", "--save", "/root/matrix.json");
    const ofFile = await tailmox(
      "pve1",
      "forecast",
      "--matrix",
      "/root/matrix.json",
      "--settings",
      "current",
      "--json",
    );
    expect(JSON.parse(ofFile)).toMatchObject({ result: { totem: { token: 10_000, token_coefficient: 0 } } });
    const living = await tailmox("pve3", "forecast", "--json");
    expect(JSON.parse(living)).toMatchObject({ result: { settings: "current", ha: false } });
    const { result } = z
      .object({
        result: z.object({ ring: z.object({ rotationMs: z.number(), order: z.array(z.string()) }) }),
      })
      .parse(JSON.parse(await tailmox("pve2", "ring", "--json")));
    expect(result.ring.order).toEqual(["pve1", "pve2", "pve3"]);
    expect(result.ring.rotationMs).toBeWithin(108, 116);
  }, 120_000);

  test("sees the loss of a pair, and none on the others", async () => {
    await setLink(plan, "pve1", "pve2", { loss: 0.1 });
    const { matrix } = await latency("pve1", "--for", "12s");
    await heal(plan);
    expect(matrix.links[0]?.[1]?.loss).toBeWithin(0.05, 0.17);
    expect(matrix.links[1]?.[0]?.loss).toBe(matrix.links[0]?.[1]?.loss);
    expect(matrix.links[0]?.[2]?.loss).toBeLessThan(0.02);
    expect(matrix.links[1]?.[2]?.loss).toBeLessThan(0.02);
  }, 90_000);

  test("a host that ssh does not reach has an unknown row, and its pairs are known from the other end", async () => {
    const third = plan.hosts[2];
    if (!third) throw new Error("no third host");
    // What was logged in already would stay: for 15 s, and only from hosts that measured before.
    await hostExec(plan, third, ["systemctl", "stop", "ssh.socket", "ssh.service"]);
    await Bun.sleep(16_000);
    const { hosts, links, matrix } = await latency("pve2", "--for", "3s");
    expect(hosts[2]?.unknown).toMatch(/ssh/);
    expect(links.filter(({ from }) => from === "pve3")).toEqual([]);
    expect(fullMesh(matrix).links[2]?.[0]?.rttMs).toBeWithin(90, 92);
    const text = await tailmox("pve2", "latency", "--for", "2s");
    expect(text).toMatch(/^ {2}pve3 +\? +\? +-$/m);
    expect(text).toContain("!! pve3 could not be asked: ssh as root");
  }, 120_000);
});
