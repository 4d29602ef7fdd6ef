import { join } from "node:path";
import { z } from "zod";
import { runOk } from "../../src/host/run.ts";
import type { LabPlan } from "../plan.ts";
import { inNamespace } from "./in-namespace.ts";
import { portOf } from "./ports.ts";

export interface Traffic {
  readonly mbit: number;
  readonly seconds: number;
  /** UDP payload of each packet; default 1200. */
  readonly packetBytes?: number;
  /** Several streams between the same two ports need one each; default 7000. */
  readonly port?: number;
}

/** What arrived of a stream of UDP packets; delays are one way, in ms, of one clock. */
const arrived = z.object({
  received: z.number(),
  bytes: z.number(),
  /** From the first packet to the last. */
  ms: z.number(),
  /** Packets that came after one that was sent later. */
  reordered: z.number(),
  delayMs: z.object({ min: z.number(), median: z.number(), p99: z.number(), max: z.number() }),
});

export interface TrafficResult extends z.infer<typeof arrived> {
  readonly sent: number;
  /** UDP payload that arrived, per second. */
  readonly mbit: number;
}

/**
 * Sends UDP from one port of the lab's internet to another at a steady rate and tells what came of it.
 * Takes `seconds` and about two more. Throws E_COMMAND_FAILED when no packet gets there and back at first.
 */
export async function measureTraffic(
  plan: LabPlan,
  from: string,
  to: string,
  traffic: Traffic,
): Promise<TrafficResult> {
  return trafficBetween(portOf(plan, from).namespace, portOf(plan, to), traffic);
}

/** As `measureTraffic`, from any namespace to any address that it reaches. */
export async function trafficBetween(
  source: string,
  target: { readonly namespace: string; readonly address: string },
  { mbit, seconds, packetBytes = 1200, port = 7000 }: Traffic,
): Promise<TrafficResult> {
  const bun = [process.execPath, join(import.meta.dir, "traffic-program.ts")] as const;
  const address = [target.address, `${port}`];
  const options = { timeoutMs: seconds * 1000 + 20_000 };
  const [receiver, sender] = await Promise.all([
    runOk(inNamespace(target.namespace, [...bun, "receive", ...address]), options),
    runOk(
      inNamespace(source, [...bun, "send", ...address, `${mbit}`, `${seconds}`, `${packetBytes}`]),
      options,
    ),
  ]);
  const { sent } = z.object({ sent: z.number() }).parse(JSON.parse(sender));
  const result = arrived.parse(JSON.parse(receiver));
  return { ...result, sent, mbit: result.ms > 0 ? (result.bytes * 8) / 1000 / result.ms : 0 };
}
