import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { inNamespace } from "../../../lab/fabric/in-namespace.ts";
import { portOf } from "../../../lab/fabric/ports.ts";
import { pingFrom } from "../../../lab/measure.ts";
import type { HostPlan } from "../../../lab/plan.ts";
import { runOk } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import { host, planOf, remove, start } from "./fabric-of.ts";

const plan = planOf("sites", {
  sites: [{ name: "rack" }, { name: "home", nat: true }, { name: "strict", nat: true, natPorts: "random" }],
  hosts: [
    host("pve1", "rack"),
    host("pve2", "rack"),
    host("pve3", "home"),
    host("pve4", "home"),
    host("pve5", "strict"),
  ],
});
const rack = [portOf(plan, "pve1"), portOf(plan, "pve2")];

describeLab("sites", () => {
  beforeAll(() => start(plan));
  afterAll(() => remove(plan));

  test("hosts of one site reach each other over their LAN in less than a millisecond", async () => {
    for (const [from, to] of [
      ["pve1", "pve2"],
      ["pve3", "pve4"],
    ] as const) {
      const measured = await pingFrom(named(from).namespace, named(to).lan.address);
      expect(measured.received).toBe(10);
      expect(measured.medianMs).toBeLessThan(2);
    }
  });

  test("the LAN of a site is not reached from another site", async () => {
    for (const target of ["pve3", "pve1"]) {
      const from = target === "pve1" ? "pve3" : "pve1";
      expect((await pingFrom(named(from).namespace, named(target).lan.address, 2)).received).toBe(0);
    }
  });

  test("a host behind NAT goes out under its router's address, and its port is kept", async () => {
    const answers = await ask(
      "pve3",
      rack.map(({ address }) => address),
    );
    expect(answers).toEqual(Array(2).fill(`${portOf(plan, "router-home").address}:5000`));
  });

  test("a router with random ports shows every peer another one", async () => {
    const answers = await ask(
      "pve5",
      rack.map(({ address }) => address),
    );
    const ports = answers.map((answer) => answer.split(":")[1]);
    expect(answers.every((answer) => answer.startsWith(portOf(plan, "router-strict").address))).toBe(true);
    expect(new Set(ports).size).toBe(2);
  });

  test("what nobody behind NAT asked for does not come in, not even with a route to the LAN", async () => {
    const router = portOf(plan, "router-home").address;
    await runOk(["ip", "-n", named("pve1").namespace, "route", "add", "192.168.2.0/24", "via", router]);
    const targets = [router, named("pve3").lan.address];
    const [, answers] = await Promise.all([
      listen("pve3"),
      probe("pve1", ["ask", "5001", "7001", ...targets]),
    ]);
    expect(answers).toEqual(["silence", "silence"]);
  });

  test("the router itself answers to ping, so that the way to it can be measured", async () => {
    const { address } = portOf(plan, "pve3");
    expect((await pingFrom(named("pve1").namespace, address, 3)).received).toBe(3);
  });
});

function named(name: string): HostPlan {
  const found = plan.hosts.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no host ${name}`);
  return found;
}

/** What the hosts of the rack see of a host that asks them from its port 5000. */
async function ask(from: string, addresses: readonly string[]): Promise<string[]> {
  const [answers] = await Promise.all([
    probe(from, ["ask", "5000", "7001", ...addresses]),
    listen("pve1"),
    listen("pve2"),
  ]);
  return answers;
}

function listen(name: string): Promise<string[]> {
  return probe(name, ["listen", "7001"]);
}

async function probe(name: string, args: readonly string[]): Promise<string[]> {
  const program = join(import.meta.dir, "address-probe.ts");
  const output = await runOk(inNamespace(named(name).namespace, [process.execPath, program, ...args]));
  return output.trim().split("\n");
}
