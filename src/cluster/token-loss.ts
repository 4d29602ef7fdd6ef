/** What one rotation of the token does under loss: hop losses p[i], each costing one retransmit timeout. */
export interface LossyRotation {
  /** tail[k]: probability that k or more token packets are lost in one rotation. */
  tail: readonly number[];
  /** Mean number of token packets lost in one rotation. */
  meanLosses: number;
}

/**
 * The distribution of lost token packets in a rotation: the sum over the hops of geometric numbers
 * (corosync.md 6.1, exact and for unequal hops), for up to `most` of them.
 */
export function lossyRotation(hopLoss: readonly number[], most: number): LossyRotation {
  // Summed from above, so that a tail of 1e-20 is not rounded away as 1 minus the rest.
  const length = Math.max(most, 8) + 60;
  let density = new Float64Array(length);
  density[0] = 1;
  for (const p of hopLoss) {
    const next = new Float64Array(length);
    let carried = 0;
    for (let k = 0; k < length; k++) {
      carried = carried * p + (density[k] ?? 0);
      next[k] = carried * (1 - p);
    }
    density = next;
  }
  const tail: number[] = [];
  const beyond = 1 - density.reduce((sum, chance) => sum + chance);
  let above = beyond > 1e-9 ? beyond : 0;
  for (let k = length - 1; k >= 0; k--) {
    above += density[k] ?? 0;
    tail[k] = Math.min(1, above);
  }
  return { tail, meanLosses: hopLoss.reduce((sum, p) => sum + p / (1 - p), 0) };
}

/** The number of lost token packets at which a rotation takes longer than the token timeout (kmin, corosync.md 2). */
export function lossesThatBreak(tokenMs: number, rotationMs: number, retransmitMs: number): number {
  return Math.max(0, Math.floor((tokenMs - rotationMs) / retransmitMs) + 1);
}

/**
 * How long a writer waits for the token: mean and 99th percentile, ms. It asks at a random moment of a rotation,
 * more often of a long one, and waits for the rest of it.
 */
export function tokenWaitMs(
  rotationMs: number,
  retransmitMs: number,
  { tail }: LossyRotation,
): { mean: number; p99: number } {
  // The chance that a rotation lasts longer than x is 1 up to rotationMs, then tail[1], tail[2], ... per retransmit.
  const steps = [
    { length: rotationMs, above: 1 },
    ...tail.slice(1).map((above) => ({ length: retransmitMs, above })),
  ];
  const total = steps.reduce((sum, { length, above }) => sum + length * above, 0);
  if (total === 0) return { mean: 0, p99: 0 };
  let start = 0;
  let mass = 0;
  let mean = 0;
  let p99: number | undefined;
  for (const { length, above } of steps) {
    const share = (length * above) / total;
    mean += share * (start + length / 2);
    if (p99 === undefined && mass + share >= 0.99) p99 = start + (length * (0.99 - mass)) / share;
    mass += share;
    start += length;
  }
  return { mean, p99: p99 ?? start };
}
