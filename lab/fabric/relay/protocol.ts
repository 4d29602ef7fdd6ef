import { z } from "zod";
import { directionSettings } from "./settings.ts";

/** One direction, by the VNIs of its ends: all that the relay knows of ports. */
const way = z.object({ from: z.number().int().min(1).max(255), to: z.number().int().min(1).max(255) });
export type Way = z.infer<typeof way>;

/** One line of JSON from a client of the relay's unix socket; each is answered by one line. */
export const request = z.discriminatedUnion("do", [
  /** Settings as given, and not cut; ways that the relay did not know are there from then on. */
  z.object({ do: z.literal("reset"), directions: z.array(way.extend({ settings: directionSettings })) }),
  /** Only what is given changes. */
  z.object({ do: z.literal("change"), ways: z.array(way), change: directionSettings.partial() }),
  z.object({ do: z.literal("cut"), ways: z.array(way) }),
  z.object({ do: z.literal("read") }),
]);
export type Request = z.infer<typeof request>;

const count = z.number().int().min(0);

export const counters = z.object({
  packets: count,
  bytes: count,
  lost: count,
  queueDropped: count,
  cut: count,
});

export const directionReading = way.extend({ settings: directionSettings, cut: z.boolean(), counters });
export type DirectionReading = z.infer<typeof directionReading>;

/** What the relay tells of itself; `ignored` are packets that belong to no direction. */
export const relayReading = z.object({
  ignored: z.object({ multicast: count, malformed: count, unknown: count }),
  timing: z.object({ aheadMs: z.number(), late: count, worstLateMs: z.number() }),
  /** Packets that the kernel did not take. */
  unsent: count,
  /** Bytes of the socket's buffers, as the kernel gave them. */
  receiveBufferBytes: count,
  cpuMs: z.number(),
});
export type RelayReading = z.infer<typeof relayReading>;

export const answer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), directions: z.array(directionReading), relay: relayReading }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);
export type Answer = z.infer<typeof answer>;
