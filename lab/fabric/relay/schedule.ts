import TinyQueue from "tinyqueue";

/** Puts an item in line; a time that has passed already means at once. */
export interface Schedule<Item> {
  add(item: Item, due: number): void;
  readonly timing: Timing;
}

export interface Timing {
  /** ms by which items are given out before they are due, to make up for late timers. */
  aheadMs: number;
  /** Items that were given out more than LATE_MS after they were due: this machine was too busy. */
  late: number;
  /** The worst of them, ms. */
  worstLateMs: number;
}

export const LATE_MS = 5;

/**
 * Gives items out when they are due (`performance.now()`), in the order of their times and, for equal
 * times, in the order they came. One timer for all; none while nothing waits. Timers here have a grain of
 * 1 ms and fire about 0.1 ms late, so items are given out up to `aheadMs` early, and `aheadMs` follows the
 * median of the lateness that is really seen: a little up after each late item, a little down after each
 * early one.
 */
export function createSchedule<Item>(deliver: (items: Item[]) => void): Schedule<Item> {
  const timing: Timing = { aheadMs: 0.5, late: 0, worstLateMs: 0 };
  const waiting = new TinyQueue<Entry<Item>>([], (a, b) => a.due - b.due || a.order - b.order);
  let order = 0;
  let alarm: { readonly rings: number; readonly cancel: () => void } | undefined;

  function add(item: Item, due: number): void {
    waiting.push({ item, due, waits: due > performance.now(), order: order++ });
    arm();
  }

  function arm(): void {
    const next = waiting.peek();
    if (!next) return;
    const now = performance.now();
    const wait = Math.max(0, Math.ceil(next.due - timing.aheadMs - now));
    if (alarm && alarm.rings <= now + wait) return;
    alarm?.cancel();
    alarm = { rings: now + wait, cancel: after(wait, giveOut) };
  }

  function giveOut(): void {
    alarm = undefined;
    const now = performance.now();
    const due: Item[] = [];
    for (let next = waiting.peek(); next && next.due <= now + timing.aheadMs; next = waiting.peek()) {
      waiting.pop();
      due.push(next.item);
      if (next.waits) learn(timing, now - next.due);
    }
    arm();
    if (due.length > 0) deliver(due);
  }

  return { add, timing };
}

/** Moves `aheadMs` one small step towards the place where half of the items are early and half late. */
function learn(timing: Timing, lateMs: number): void {
  const step = lateMs > 0 ? STEP_MS : -STEP_MS;
  timing.aheadMs = Math.min(MOST_AHEAD_MS, Math.max(0, timing.aheadMs + step));
  if (lateMs > LATE_MS) timing.late += 1;
  timing.worstLateMs = Math.max(timing.worstLateMs, lateMs);
}

const STEP_MS = 0.002;
const MOST_AHEAD_MS = 1;

/** setTimeout makes at least 1 ms of 0; setImmediate comes after the packets that are there now were read. */
function after(ms: number, call: () => void): () => void {
  if (ms === 0) {
    const handle = setImmediate(call);
    return () => clearImmediate(handle);
  }
  const handle = setTimeout(call, ms);
  return () => clearTimeout(handle);
}

interface Entry<Item> {
  readonly item: Item;
  readonly due: number;
  /** Not due at once: only these tell about the timers. */
  readonly waits: boolean;
  readonly order: number;
}
