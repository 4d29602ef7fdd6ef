import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { takeDown } from "../../lab/down.ts";
import { hostExec } from "../../lab/machines/exec.ts";
import { type HostPlan, type LabPlan, planLab } from "../../lab/plan.ts";
import { parseScenario } from "../../lab/scenarios/load.ts";
import { giveSecrets } from "../../lab/story/give-secrets.ts";
import { labUp } from "../../lab/up.ts";
import { describeLab } from "../lab-only.ts";

const scenario = parseScenario(
  {
    name: "preflight",
    summary: "two hosts in one tailnet, and what can lie between them",
    tailnet: "headscale",
    sites: [{ name: "a" }, { name: "b" }],
    hosts: [
      { name: "pve1", site: "a", release: "pve9", tailscale: true },
      { name: "pve2", site: "b", release: "pve8", tailscale: true },
    ],
    defaultLink: { rttMs: 30 },
  },
  "preflight",
);

const UDP = "udp dport 5405-5412";
const IN = "type filter hook input priority -10;";
const OUT = "type filter hook output priority -10;";

/** One lab, and one packet filter after the other on the second host. */
describeLab("tailmox check", () => {
  const name = "e2e-preflight";
  let plan: LabPlan;

  beforeAll(async () => {
    await takeDown(planLab(name, scenario));
    plan = await labUp(name, scenario);
    const flags = await giveSecrets(plan);
    await Promise.all(
      plan.hosts.map(async (host) => {
        const staged = await tailmox(host, ["up", "--staging", "--yes", ...flags]);
        expect(staged.exitCode).toBe(0);
      }),
    );
  }, 180_000);

  afterAll(() => takeDown(plan));

  test("says that UDP is unproven where nobody on the peer answers it", async () => {
    const { peer, verdict, exitCode } = await check();
    expect(peer).toMatchObject({ obstacles: [], udp: { kind: "unproven" }, mtu: 1280 });
    expect(peer.tcp).toMatchObject({ "22": "open", "8006": "open" });
    expect([verdict, exitCode]).toEqual(["unproven", 4]);
  }, 60_000);

  test("proves all of it where root's ssh leads to the peer, and warns of other versions", async () => {
    const { peer, verdict, exitCode } = await check("--password-file", "/root/passwords");
    expect(peer).toMatchObject({ obstacles: [], unproven: [], udp: { kind: "both ways", by: "ssh" } });
    expect(peer).toMatchObject({ node: "pve2", path: { kind: "direct" } });
    expect(peer.warnings.map(({ check }) => check)).toEqual(["version"]);
    expect(Math.abs(peer.clock?.aheadMs ?? Number.NaN)).toBeLessThan(2_000);
    expect([verdict, exitCode]).toEqual(["ok", 0]);
  }, 60_000);

  test("is answered by another that runs on the peer", async () => {
    const [, pve2] = hosts();
    const there = hostExec(plan, pve2, ["bash", "-c", "for i in 1 2 3; do tailmox check; done"]);
    const seen = [(await check()).peer.udp, (await check()).peer.udp];
    await there;
    expect(seen).toContainEqual({ kind: "both ways", by: "tailmox" });
  }, 90_000);

  test("tells UDP that is dropped on its way there, while TCP gets through", async () => {
    const { peer, code, exitCode } = await behind(`chain in { ${IN} ${UDP} drop; }`);
    expect(peer.obstacles).toMatchObject([
      { check: "udp", what: expect.stringContaining("TCP 22, 8006 fine") },
    ]);
    expect([code, exitCode]).toEqual(["E_UDP_FILTERED", 4]);
  }, 60_000);

  test("tells UDP whose answers are dropped, by an echo over ssh", async () => {
    const filter = `chain out { ${OUT} udp sport 5405-5412 drop; }`;
    const { peer, code } = await behind(filter, "--password-file", "/root/passwords");
    expect(peer.udp).toEqual({ kind: "lost", how: "way back" });
    expect(code).toBe("E_UDP_FILTERED");
  }, 60_000);

  test("tells refusal from silence, and small packets from large ones", async () => {
    const rejects = "tcp dport 8006 reject with tcp reset; tcp dport 22 drop;";
    const small = "meta l4proto icmp ip length > 1100 drop;";
    const { peer, code } = await behind(`chain in { ${IN} ${rejects} ${small} }`);
    expect(peer.tcp).toMatchObject({ "22": "silent", "8006": "refused" });
    expect(peer.mtu).toBe(576);
    expect(peer.obstacles.map((each) => each.check)).toEqual(["tcp 22", "tcp 8006", "mtu"]);
    expect(code).toBe("E_PEER_UNREACHABLE");
  }, 60_000);

  test("and up stops where UDP is lost, without a change", async () => {
    const [pve1] = hosts();
    const names = await hostsFile(pve1);
    const options = ["--yes", "--create", "--wait", "1s", "--password-file", "/root/passwords"];
    const { exitCode, text } = await filtered(`chain in { ${IN} ${UDP} drop; }`, () =>
      tailmox(pve1, ["up", ...options]),
    );
    expect(text).toContain("E_UDP_FILTERED");
    expect(exitCode).toBe(4);
    expect(await hostsFile(pve1)).toBe(names);
  }, 60_000);

  test("and up stops before names change where Proxmox's firewall would lock out the LAN", async () => {
    const [pve1] = hosts();
    const names = await hostsFile(pve1);
    const enable =
      "mkdir -p /etc/pve/firewall; printf '[OPTIONS]\\nenable: 1\\n' > /etc/pve/firewall/cluster.fw";
    expect((await hostExec(plan, pve1, ["bash", "-c", enable])).exitCode).toBe(0);
    const { exitCode, text } = await tailmox(pve1, ["up", "--yes", "--create", "--without", "pve2"]);
    expect(text).toContain("E_FIREWALL_LOCKOUT");
    expect(text).toContain(pve1.lan.address.replace(/\d+$/, "0/24"));
    expect(exitCode).toBe(4);
    expect(await hostsFile(pve1)).toBe(names);
  }, 60_000);

  function hosts(): readonly [HostPlan, HostPlan] {
    const [pve1, pve2] = plan.hosts;
    if (!pve1 || !pve2) throw new Error("the scenario has two hosts");
    return [pve1, pve2];
  }

  async function tailmox(host: HostPlan, argv: readonly string[]) {
    const { exitCode, stdout, stderr } = await hostExec(plan, host, ["tailmox", ...argv], {
      timeoutMs: 120_000,
    });
    console.log(stdout + stderr);
    return { exitCode, stdout, text: stdout + stderr };
  }

  /** What the first host sees of the second. */
  async function check(...more: readonly string[]) {
    const { exitCode, stdout } = await tailmox(hosts()[0], ["check", "pve2", "--json", ...more]);
    const { result } = reportJson.parse(JSON.parse(stdout));
    const [peer] = result.peers;
    if (!peer) throw new Error("the report names no peer");
    return { ...result, peer, exitCode };
  }

  /** The same behind a packet filter of the second host. */
  function behind(chains: string, ...more: readonly string[]) {
    return filtered(chains, () => check(...more));
  }

  async function filtered<T>(chains: string, work: () => Promise<T>): Promise<T> {
    const [, pve2] = hosts();
    const input = `table inet between {\n${chains}\n}\n`;
    expect((await hostExec(plan, pve2, ["nft", "-f", "-"], { input })).exitCode).toBe(0);
    try {
      return await work();
    } finally {
      await hostExec(plan, pve2, ["nft", "delete", "table", "inet", "between"]);
    }
  }

  async function hostsFile(host: HostPlan): Promise<string> {
    return (await hostExec(plan, host, ["cat", "/etc/hosts"])).stdout;
  }
});

const finding = z.object({ check: z.string(), what: z.string() });

const reportJson = z.object({
  result: z.object({
    verdict: z.string(),
    code: z.string().nullable(),
    peers: z.array(
      z.object({
        node: z.string().nullable(),
        path: z.object({ kind: z.string() }),
        mtu: z.number().nullable(),
        tcp: z.record(z.string(), z.string()),
        udp: z.unknown(),
        clock: z.object({ aheadMs: z.number() }).nullable(),
        obstacles: z.array(finding),
        unproven: z.array(finding),
        warnings: z.array(finding),
      }),
    ),
  }),
});
