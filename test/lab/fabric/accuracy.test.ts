import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { inNamespace } from "../../../lab/fabric/in-namespace.ts";
import { portOf } from "../../../lab/fabric/ports.ts";
import { heal, readRelay, setLink } from "../../../lab/fabric/relay-control.ts";
import { measureTraffic } from "../../../lab/fabric/traffic.ts";
import { pingFrom } from "../../../lab/measure.ts";
import { run } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import { host, planOf, remove, start } from "./fabric-of.ts";

const plan = planOf("accuracy", {
  sites: [{ name: "east" }, { name: "west" }, { name: "north" }, { name: "south" }],
  hosts: [host("pve1", "east"), host("pve2", "west"), host("pve3", "north"), host("pve4", "south")],
  links: [
    { a: "east", b: "west", rttMs: 20 },
    { a: "east", b: "north", rttMs: 90 },
    { a: "west", b: "north", rttMs: 110 },
    { a: "pve1", b: "pve4", rttMs: 300 },
    { a: "west", b: "south", rttMs: 0 },
  ],
});

const ping = (a: string, b: string, count?: number) =>
  pingFrom(portOf(plan, a).namespace, portOf(plan, b).address, count);

describeLab("the internet between hosts", () => {
  beforeAll(() => start(plan));
  afterEach(() => heal(plan));
  afterAll(() => remove(plan));

  test("a ping shows the round trip that the scenario asks for within 2 ms at the median", async () => {
    const pairs = [
      ["pve1", "pve2", 20],
      ["pve1", "pve3", 90],
      ["pve2", "pve3", 110],
      ["pve1", "pve4", 300],
      ["pve2", "pve4", 0],
    ] as const;
    const measured = await Promise.all(pairs.map(([a, b]) => ping(a, b, 20)));
    for (const [index, [, , asked]] of pairs.entries()) {
      expect(measured[index]?.received).toBe(20);
      expect(Math.abs((measured[index]?.medianMs ?? 1e9) - asked)).toBeLessThan(2);
    }
  });

  test("a change of the round trip is there at once, in one direction alone when asked", async () => {
    await setLink(plan, "pve1", "pve2", { rttMs: 60 });
    expect(Math.abs(((await ping("pve1", "pve2")).medianMs ?? 1e9) - 60)).toBeLessThan(2);
    await setLink(plan, "pve1", "pve2", { rttMs: 160 }, { oneWay: true });
    expect(Math.abs(((await ping("pve2", "pve1")).medianMs ?? 1e9) - 110)).toBeLessThan(2);
  });

  test("20 Mbit/s pass through a pair while another keeps its delay", async () => {
    const [heavy, quiet] = await Promise.all([
      measureTraffic(plan, "pve1", "pve2", { mbit: 20, seconds: 4 }),
      measureTraffic(plan, "pve1", "pve3", { mbit: 0.2, packetBytes: 100, seconds: 4 }),
    ]);
    expect(heavy.received).toBeGreaterThan(heavy.sent * 0.999);
    expect(heavy.mbit).toBeGreaterThan(19);
    expect(Math.abs(heavy.delayMs.median - 10)).toBeLessThan(2);
    expect(Math.abs(quiet.delayMs.median - 45)).toBeLessThan(2);
    expect((await readRelay(plan)).unsent).toBe(0);
  });

  test("packets of 1500 bytes pass whole, bigger ones do not fit", async () => {
    const whole = (bytes: number) => {
      const ping = [
        "ping",
        "-n",
        "-M",
        "do",
        "-c",
        "3",
        "-i",
        "0.2",
        "-W",
        "1",
        "-s",
        `${bytes - 28}`,
      ] as const;
      return run(inNamespace(portOf(plan, "pve1").namespace, [...ping, portOf(plan, "pve2").address]));
    };
    expect((await whole(1500)).stdout).toContain(" 3 received");
    expect((await whole(1501)).stderr).toContain("message too long, mtu");
  });

  test("packets keep their order without jitter, and come out of order with it", async () => {
    const traffic = { mbit: 2, packetBytes: 200, seconds: 2 };
    expect((await measureTraffic(plan, "pve1", "pve2", traffic)).reordered).toBe(0);
    await setLink(plan, "pve1", "pve2", { jitterMs: 20 });
    const jittered = await measureTraffic(plan, "pve1", "pve2", traffic);
    expect(jittered.reordered).toBeGreaterThan(100);
    expect(Math.abs(jittered.delayMs.median - 20)).toBeLessThan(2);
    expect(jittered.delayMs.min).toBeGreaterThan(9);
    // 30, and what a busy machine adds; twice the jitter would show in the shortest.
    expect(jittered.delayMs.p99).toBeLessThan(60);
  });

  test("10 % loss comes out within what chance allows, in the asked direction alone", async () => {
    await setLink(plan, "pve1", "pve2", { loss: 0.1 }, { oneWay: true });
    // 5000 packets: standard deviation 21; four and a half of them.
    const traffic = { mbit: 2, packetBytes: 100, seconds: 2 };
    const forth = await measureTraffic(plan, "pve1", "pve2", traffic);
    expect(forth.sent).toBe(5000);
    expect(Math.abs(forth.sent - forth.received - 500)).toBeLessThan(95);
    await setLink(plan, "pve1", "pve2", { loss: 0 });
    expect((await measureTraffic(plan, "pve1", "pve2", { ...traffic, seconds: 1 })).received).toBe(2500);
  });

  test("bursts lose what their start and length make of it", async () => {
    await setLink(plan, "pve1", "pve2", { burst: { start: 0.01, meanPackets: 10 } }, { oneWay: true });
    const { sent, received } = await measureTraffic(plan, "pve1", "pve2", {
      mbit: 2,
      packetBytes: 100,
      seconds: 2,
    });
    // Expected 10 / (10 + 99) = 9 %; about 46 bursts, whose lengths scatter: standard deviation 1.9 %.
    const share = 1 - received / sent;
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.17);
  });

  test("a rate is kept, and its queue shows as delay before it drops", async () => {
    await setLink(plan, "pve1", "pve2", { rateMbit: 5, queueBytes: 31_250 });
    const result = await measureTraffic(plan, "pve1", "pve2", { mbit: 10, seconds: 2 });
    // 1228 IP bytes for 1200 of payload; 31250 bytes take 50 ms at 5 Mbit/s.
    expect(Math.abs(result.mbit - (5 * 1200) / 1228)).toBeLessThan(0.2);
    expect(Math.abs(result.delayMs.median - 60)).toBeLessThan(3);
  });
});
