/** Whether a direction is inside a burst of loss. */
export interface BurstState {
  inBurst: boolean;
}

export interface Burst {
  /** Chance per packet that a burst begins with it. */
  readonly start: number;
  /** Mean number of packets that a burst takes; 1 or more. */
  readonly meanPackets: number;
}

/**
 * Whether this packet is lost: by independent loss, or in a burst. Bursts are the two-state model of
 * Gilbert and Elliott with nothing lost in the good state and everything in the bad one, which ends after
 * each packet with the chance 1/meanPackets. Changes `state`; `random` gives numbers in [0, 1).
 */
export function losesPacket(
  state: BurstState,
  loss: number,
  burst: Burst | null,
  random: () => number,
): boolean {
  return losesInBurst(state, burst, random) || (loss > 0 && random() < loss);
}

function losesInBurst(state: BurstState, burst: Burst | null, random: () => number): boolean {
  if (!burst) {
    state.inBurst = false;
    return false;
  }
  if (!state.inBurst && !(burst.start > 0 && random() < burst.start)) return false;
  state.inBurst = random() >= 1 / burst.meanPackets;
  return true;
}
