import { afterAll, beforeAll, expect, test } from "bun:test";
import { inNamespace } from "../../../lab/fabric/in-namespace.ts";
import { fabricNamespace, namespacesOf, relayNamespace } from "../../../lab/fabric/namespaces.ts";
import { portOf } from "../../../lab/fabric/ports.ts";
import { cutRole, readLinks, readRelay } from "../../../lab/fabric/relay-control.ts";
import { pingFrom } from "../../../lab/measure.ts";
import type { LabPlan } from "../../../lab/plan.ts";
import { run, runOk } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import { host, planOf, remove, start } from "./fabric-of.ts";

const places = {
  sites: [{ name: "east" }, { name: "west" }, { name: "home", nat: true }],
  hosts: [host("pve1", "east"), host("pve2", "west"), host("pve3", "home")],
};
const labA = planOf("isolation-a", places);
const labB = planOf("isolation-b", places);
let machineBefore: string;

describeLab("what a lab's networks show of themselves", () => {
  beforeAll(async () => {
    machineBefore = await machineNetwork();
    await Promise.all([start(labA), start(labB)]);
  });
  afterAll(() => Promise.all([remove(labA), remove(labB)]));

  test("nothing of them is on the machine's own network", async () => {
    expect(await machineNetwork()).toBe(machineBefore);
  });

  test("no host, site or server sees the underlay: no address, no route, no socket, no second way", async () => {
    const seeing = [fabricNamespace(labA), relayNamespace(labA)];
    const blind = namespacesOf(labA).filter((name) => !seeing.includes(name));
    expect(blind).toHaveLength(8);
    for (const namespace of blind) {
      const inside = (...argv: [string, ...string[]]) => runOk(inNamespace(namespace, argv));
      expect(await inside("ip", "-o", "address")).not.toContain("10.200.");
      expect(await inside("ip", "route", "show", "table", "all")).not.toContain("10.200.");
      // 12B5 is 4789, VXLAN's port.
      expect(await inside("cat", "/proc/net/udp")).not.toContain(":12B5");
    }
    for (const { namespace, wan } of labA.hosts) {
      const links = await runOk(["ip", "-n", namespace, "-o", "link"]);
      const names = [...links.matchAll(/^\d+: ([^:@]+)/gm)].map((match) => match[1]).sort();
      expect(names).toEqual(wan ? ["lan0", "lo", "wan0"] : ["lan0", "lo"]);
    }
  });

  test("a host gets no answer from the relay or the fabric, and hears that there is no such network", async () => {
    for (const address of ["10.200.0.1", "10.200.0.2", "8.8.8.8"]) {
      const ping = ["ping", "-n", "-c", "10", "-i", "0.05", "-W", "1", address] as const;
      const { stdout, exitCode } = await run(inNamespace(portOf(labA, "pve1").namespace, ping));
      expect(exitCode).toBe(1);
      expect(stdout).toContain("Destination Net Unreachable");
      expect(stdout).toContain(" 0 received, +10 errors");
    }
  });

  test("two labs with the same addresses do not meet", async () => {
    const before = await unicastPackets(labB);
    const [a, b] = [portOf(labA, "pve1"), portOf(labA, "pve2")];
    expect(b.address).toBe(portOf(labB, "pve2").address);
    expect((await pingFrom(a.namespace, b.address, 5)).received).toBe(5);
    expect(await unicastPackets(labB)).toBe(before);
    await cutRole(labB, "pve2");
    expect((await pingFrom(a.namespace, b.address, 2)).received).toBe(2);
    expect((await pingFrom(portOf(labB, "pve1").namespace, b.address, 2)).received).toBe(0);
  });

  test("broadcast does not pass", async () => {
    const { ignored } = await readRelay(labA);
    const broadcast = ["ping", "-n", "-b", "-c", "3", "-i", "0.2", "-W", "1", "10.66.255.255"] as const;
    const { stdout } = await run(inNamespace(portOf(labA, "pve1").namespace, broadcast));
    expect(stdout).toContain(" 0 received");
    expect((await readRelay(labA)).ignored.multicast).toBeGreaterThanOrEqual(ignored.multicast + 3);
  });
});

/** Interfaces, addresses, routes and packet filter of the machine itself. */
async function machineNetwork(): Promise<string> {
  const outputs = await Promise.all([
    runOk(["ip", "-o", "link"]),
    runOk(["ip", "-o", "-4", "address"]),
    runOk(["ip", "route", "show", "table", "all"]),
    runOk(["nft", "list", "ruleset"]),
    runOk(["sysctl", "net.ipv4.ip_forward", "net.core.rmem_max"]),
  ]);
  return outputs.join("\n");
}

/** Everything that entered a lab's relay for one of its directions, whatever became of it. */
async function unicastPackets(plan: LabPlan): Promise<number> {
  const directions = (await readLinks(plan)).flatMap(({ forth, back }) => [forth, back]);
  return directions.reduce((sum, { counters }) => sum + counters.packets + counters.lost + counters.cut, 0);
}
