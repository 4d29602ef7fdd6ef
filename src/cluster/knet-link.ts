import type { TotemTimers } from "./totem.ts";

/** knet looks at its links only so often, ms (threads_timer_res; corosync.md 5.1). */
export const KNET_TICK_MS = 200;
/** After a link went down its ping timeout is ten times as long and shrinks by one a second (corosync.md 5.1). */
export const KNET_PATIENCE_MS = 9000;

/** One host's sight of another through knet: what decides when it calls the link down. Times in ms. */
export interface KnetLink {
  /** A ping or its pong is lost: 1 - (1 - p_ab)(1 - p_ba). */
  pingLoss: number;
  rttMs: number;
  /** Spread of the RTT: it lies within rttMs +- this. */
  jitterMs: number;
}

/** The interval at which pings really leave: the asked one, rounded up to the tick. */
export function effectivePingIntervalMs(timers: TotemTimers): number {
  return Math.ceil(timers.pingIntervalMs / KNET_TICK_MS) * KNET_TICK_MS;
}

/**
 * When a link is called down, counted from the last ping that was answered, if nothing is heard after its pong:
 * the first tick at which the pong is older than ping timeout + 2 x mean RTT.
 */
export function downAfterMs(link: KnetLink, timers: TotemTimers, pongMs = link.rttMs): number {
  const silence = pongMs + timers.pingTimeoutMs + 2 * link.rttMs;
  return Math.ceil(silence / KNET_TICK_MS) * KNET_TICK_MS;
}

/**
 * Pings lost in a row that drop the link, from the RTT of the last pong before and of the first one after
 * (corosync.md 2 and 5.2). 0 means that a late pong alone is enough.
 */
export function pingsThatDrop(
  link: KnetLink,
  timers: TotemTimers,
  pongMs = link.rttMs,
  nextPongMs = link.rttMs,
): number {
  return Math.floor((downAfterMs(link, timers, pongMs) - nextPongMs) / effectivePingIntervalMs(timers));
}

/** How likely each number of pings in a row is to be the one that drops the link, over the spread of the RTT. */
export function dropCounts(link: KnetLink, timers: TotemTimers): Map<number, number> {
  const steps = link.jitterMs === 0 ? [0.5] : Array.from({ length: 12 }, (_, i) => (i + 0.5) / 12);
  const rtts = steps.map((step) => Math.max(0, link.rttMs + (2 * step - 1) * link.jitterMs));
  const counts = new Map<number, number>();
  for (const pong of rtts) {
    for (const next of rtts) {
      const count = Math.max(1, pingsThatDrop(link, timers, pong, next));
      counts.set(count, (counts.get(count) ?? 0) + 1 / rtts.length ** 2);
    }
  }
  return counts;
}

/** How often a link is called down, per ms: corosync.md 6.2, with the patience after each time. */
export function linkDownRate(link: KnetLink, timers: TotemTimers): number {
  const q = link.pingLoss;
  const interval = effectivePingIntervalMs(timers);
  let perPing = 0;
  for (const [count, share] of dropCounts(link, timers)) perPing += share * (1 - q) * q ** count;
  const downMs = ((timers.pongCount + 1) * interval) / (1 - q);
  return perPing === 0 ? 0 : 1 / (interval / perPing + Math.max(downMs, KNET_PATIENCE_MS));
}
