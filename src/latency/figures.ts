/** What the echoes of one direction come to; times in ms. */
export interface RttFigures {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  /**
   * Spread of the delay of one direction, as the latency matrix has it: if both directions delay by up to this much
   * more, evenly, then 90 % of the round trips lie within 1.37 times it. Rare spikes do not count.
   */
  readonly jitter: number;
}

/** Undefined of no echoes. */
export function rttFigures(rttMs: readonly number[]): RttFigures | undefined {
  const sorted = [...rttMs].sort((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return undefined;
  const p95 = quantile(sorted, 0.95);
  return { median: quantile(sorted, 0.5), p95, max, jitter: (p95 - quantile(sorted, 0.05)) / 1.37 };
}

/**
 * Loss of one direction from lost echoes, a fraction: an echo needs both directions, and which of them failed cannot
 * be told, so half the blame goes to each.
 */
export function oneWayLoss(sent: number, lost: number): number {
  return 1 - Math.sqrt(1 - lost / sent);
}

/** Between the two nearest values; `sorted` has at least one. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place % 1);
}
