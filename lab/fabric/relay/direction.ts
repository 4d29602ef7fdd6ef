import { type BurstState, losesPacket } from "./loss.ts";
import { departureOf, type WireState } from "./rate.ts";
import type { DirectionSettings } from "./settings.ts";

/** What became of the packets of a direction. A packet is counted when its fate is known. */
export interface Counters {
  /** Delivered. */
  packets: number;
  /** Delivered, as IP bytes. */
  bytes: number;
  lost: number;
  queueDropped: number;
  cut: number;
}

/** One direction of a pair of ports, as the relay keeps it. */
export interface Direction extends BurstState, WireState {
  readonly from: number;
  readonly to: number;
  settings: DirectionSettings;
  isCut: boolean;
  /** When the last packet is due without its jitter: none overtakes it when the delay is lowered. */
  lastDue: number;
  readonly counters: Counters;
}

export function newDirection(from: number, to: number, settings: DirectionSettings): Direction {
  return {
    from,
    to,
    settings,
    isCut: false,
    inBurst: false,
    freeAt: 0,
    lastDue: 0,
    counters: { packets: 0, bytes: 0, lost: 0, queueDropped: 0, cut: 0 },
  };
}

/**
 * Decides the fate of a packet that enters a direction at `now` (ms): when it is due at the other end, or
 * undefined when it never gets there, which is counted. First the queue before the wire, then loss on it,
 * then delay and jitter (uniform, the only thing that reorders). `random` gives numbers in [0, 1).
 */
export function dueOf(
  direction: Direction,
  now: number,
  ipBytes: number,
  random: () => number,
): number | undefined {
  const { settings, counters } = direction;
  if (direction.isCut) {
    counters.cut += 1;
    return undefined;
  }
  const departure = departureOf(direction, now, ipBytes, settings.rateMbit, settings.queueBytes);
  if (departure === undefined) {
    counters.queueDropped += 1;
    return undefined;
  }
  if (losesPacket(direction, settings.loss, settings.burst, random)) {
    counters.lost += 1;
    return undefined;
  }
  direction.lastDue = Math.max(direction.lastDue, departure + settings.delayMs);
  return settings.jitterMs > 0 ? direction.lastDue + random() * settings.jitterMs : direction.lastDue;
}

/** Counts a packet that is due now. False when the direction was cut while it was on its way. */
export function arrives(direction: Direction, ipBytes: number): boolean {
  const { counters } = direction;
  if (direction.isCut) {
    counters.cut += 1;
    return false;
  }
  counters.packets += 1;
  counters.bytes += ipBytes;
  return true;
}
