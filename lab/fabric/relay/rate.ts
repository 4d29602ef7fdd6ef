/** When the wire of a direction will have sent all that waits for it, in ms of the relay's clock. */
export interface WireState {
  freeAt: number;
}

/**
 * When the last bit of a packet leaves a wire of `rateMbit`, or undefined when the queue before it is full
 * (drop-tail: more than `queueBytes` would wait, this packet included). The wire is a token bucket without
 * depth: a packet takes its bytes/rate, one after the other. Changes `state` for a packet that passes.
 */
export function departureOf(
  state: WireState,
  now: number,
  bytes: number,
  rateMbit: number | null,
  queueBytes: number,
): number | undefined {
  if (rateMbit === null) {
    state.freeAt = now;
    return now;
  }
  const bytesPerMs = (rateMbit * 1_000_000) / 8 / 1000;
  const startsAt = Math.max(now, state.freeAt);
  const waitingBytes = (startsAt - now) * bytesPerMs;
  if (waitingBytes > 0 && waitingBytes + bytes > queueBytes) return undefined;
  state.freeAt = startsAt + bytes / bytesPerMs;
  return state.freeAt;
}
