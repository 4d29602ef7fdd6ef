import { rm } from "node:fs/promises";
import { createFabric } from "../lab/fabric/create.ts";
import { destroyFabric } from "../lab/fabric/destroy.ts";
import { portOf } from "../lab/fabric/ports.ts";
import { readRelay, startRelay, stopRelay } from "../lab/fabric/relay-control.ts";
import { measureTraffic, type TrafficResult, trafficBetween } from "../lab/fabric/traffic.ts";
import { median, pingFrom } from "../lab/measure.ts";
import { type LabPlan, planLab } from "../lab/plan.ts";
import { scenario } from "../lab/scenario.ts";

export interface FabricFigures {
  readonly hosts: number;
  /** ms to make all networks and start the relay; to take all away. */
  readonly upMs: number;
  readonly downMs: number;
  /** Median round trip of pings between every pair minus what was asked, in ms. */
  readonly pingErrorMs: number;
  /** Every host sends LOAD_MBIT to the next one, all at once. */
  readonly offeredMbit: number;
  readonly receivedMbit: number;
  /** One-way delay under that load minus what was asked, in ms: median of medians, worst 99th percentile. */
  readonly loadErrorMs: number;
  readonly loadErrorP99Ms: number;
  /** Share of one core that the relay takes under that load. */
  readonly relayCpu: number;
}

/** What the relay does at 3, 5 and 7 hosts, and how much one pair gets beside the kernel alone. About 60 s. */
export async function benchFabric(): Promise<FabricFigures[]> {
  const figures: FabricFigures[] = [];
  console.log(`asked: round trip ${RTT_MS} ms; load: every host sends ${LOAD_MBIT} Mbit/s to the next\n`);
  console.log("hosts      up/down  ping error       received/offered  delay error (p99)  CPU");
  for (const hosts of [3, 5, 7]) {
    const plan = planOf(hosts);
    const result = await measured(plan);
    figures.push(result);
    console.log(line(result));
  }
  await comparePeak(planOf(2));
  return figures;
}

/** Below 100, where ping prints tenths. */
const RTT_MS = 90;
const LOAD_MBIT = 20;
const SECONDS = 5;

/** All in one site: beside the way over the relay there is a LAN, for the comparison. */
function planOf(hosts: number): LabPlan {
  return planLab(
    `bench-fabric-${hosts}`,
    scenario.parse({
      name: "bench",
      summary: "networks only",
      tailnet: "none",
      sites: [{ name: "one" }],
      hosts: Array.from({ length: hosts }, (_, index) => ({
        name: `pve${index + 1}`,
        site: "one",
        release: "pve9",
      })),
      links: [{ a: "one", b: "one", rttMs: RTT_MS }],
    }),
  );
}

async function measured(plan: LabPlan): Promise<FabricFigures> {
  const started = performance.now();
  try {
    await createFabric(plan);
    await startRelay(plan);
    const upMs = performance.now() - started;
    const pingErrorMs = await pingError(plan);
    const load = await underLoad(plan);
    return { hosts: plan.hosts.length, upMs, pingErrorMs, ...load, downMs: await takeAway(plan) };
  } finally {
    await takeAway(plan);
  }
}

async function takeAway(plan: LabPlan): Promise<number> {
  const started = performance.now();
  await stopRelay(plan);
  await destroyFabric(plan);
  await rm(plan.dir, { recursive: true, force: true });
  return performance.now() - started;
}

async function pingError(plan: LabPlan): Promise<number> {
  const pairs = plan.hosts.flatMap((from, index) =>
    plan.hosts.slice(index + 1).map((to) => [from, to] as const),
  );
  const all = await Promise.all(
    pairs.map(([from, to]) => pingFrom(from.namespace, portOf(plan, to.name).address, 10)),
  );
  return (median(all.flatMap(({ medianMs }) => medianMs ?? [])) ?? Number.NaN) - RTT_MS;
}

async function underLoad(plan: LabPlan) {
  const before = await readRelay(plan);
  const started = performance.now();
  const streams = await Promise.all(
    plan.hosts.map(({ name }, index) => {
      const next = plan.hosts[(index + 1) % plan.hosts.length]?.name ?? name;
      return measureTraffic(plan, name, next, { mbit: LOAD_MBIT, seconds: SECONDS });
    }),
  );
  const busyMs = (await readRelay(plan)).cpuMs - before.cpuMs;
  return {
    offeredMbit: LOAD_MBIT * streams.length,
    receivedMbit: streams.reduce((sum, { mbit }) => sum + mbit, 0),
    loadErrorMs: (median(streams.map(({ delayMs }) => delayMs.median)) ?? Number.NaN) - RTT_MS / 2,
    loadErrorP99Ms: Math.max(...streams.map(({ delayMs }) => delayMs.p99)) - RTT_MS / 2,
    relayCpu: busyMs / (performance.now() - started),
  };
}

/** The most that one pair gets through the relay, beside the same two programs on a LAN bridge. */
async function comparePeak(plan: LabPlan): Promise<void> {
  const [from, to] = plan.hosts;
  if (!from || !to) throw new Error("two hosts are needed");
  const offered = { mbit: 600, seconds: 3 };
  try {
    await createFabric(plan);
    await startRelay(plan);
    const relay = await measureTraffic(plan, from.name, to.name, offered);
    const lan = await trafficBetween(from.namespace, { ...to, address: to.lan.address }, offered);
    const words = ({ mbit, received, sent }: TrafficResult) =>
      `${mbit.toFixed(0)} Mbit/s (${((100 * received) / sent).toFixed(0)} % of ${offered.mbit} offered)`;
    console.log(`\none pair, as fast as it goes: relay ${words(relay)}, LAN bridge ${words(lan)}`);
    console.log(`relay / LAN bridge: ${(relay.mbit / lan.mbit).toFixed(2)}`);
  } finally {
    await takeAway(plan);
  }
}

function line(figures: FabricFigures): string {
  const { hosts, upMs, downMs, pingErrorMs, offeredMbit, receivedMbit, loadErrorMs, loadErrorP99Ms } =
    figures;
  return [
    `${hosts}`.padEnd(3),
    `${(upMs / 1000).toFixed(2)}/${(downMs / 1000).toFixed(2)} s`.padStart(12),
    `${pingErrorMs.toFixed(2)} ms`.padStart(10),
    `${receivedMbit.toFixed(1)}/${offeredMbit} = ${(receivedMbit / offeredMbit).toFixed(3)}`.padStart(21),
    `${loadErrorMs.toFixed(2)} (${loadErrorP99Ms.toFixed(2)}) ms`.padStart(17),
    `${(figures.relayCpu * 100).toFixed(0)}%`.padStart(3),
  ].join("  ");
}

if (import.meta.main) await benchFabric();
