import { seededRandom } from "./random.ts";
import { RingLife } from "./ring-life.ts";
import type { StabilityModel } from "./stability-model.ts";

/** So many changes tell the mean to half a per cent: further runs would only take time. */
const ENOUGH_CHANGES = 20_000;
const FEWEST_RUNS = 2;
/** Where changes are rare, the runs go on, longer, until there are so many ... */
const TELLING_CHANGES = 100;
/** ... or so many links went down in the token's way, or so many days passed, without. */
const ENOUGH_OUTAGES = 100_000;
const ENOUGH_DAYS = 100_000;

export interface SimulationOptions {
  seed: number;
  /** Simulated time of one run. */
  hours: number;
  /** Runs to make at least, unless so many changes come that fewer tell as much. */
  runs: number;
  /** How hard to look for rare changes: 1 by default, less is quicker. */
  effort?: number;
  /** False: make all the runs, also those that would tell nothing new, and no more. */
  stopEarly?: boolean;
}

export interface Simulation {
  /** Membership changes over all runs. */
  changes: number;
  runs: number;
  /** Simulated time over all runs. */
  days: number;
}

/**
 * Plays a ring under loss (corosync.md 6.3): the token, and for each hop the two knet links that it needs. It jumps
 * from one link going down to the next instead of stepping through time, so a day without any costs nothing.
 */
export function simulateRing(model: StabilityModel, options: SimulationOptions): Simulation {
  const { seed, hours, runs, effort = 1, stopEarly = true } = options;
  const random = seededRandom(seed);
  let [changes, outages, days, made] = [0, 0, 0, 0];
  const isTold = () => {
    if (!stopEarly) return made >= runs;
    if (made < runs) return made >= FEWEST_RUNS && changes >= ENOUGH_CHANGES * effort;
    return changes >= TELLING_CHANGES * effort || outages >= ENOUGH_OUTAGES * effort || days >= ENOUGH_DAYS;
  };
  while (!isTold()) {
    // Twice as far each time: a ring that lives for centuries costs no more than one that lives for a day.
    const stretch = made < runs ? 1 : 2 ** (made - runs + 4);
    const ring = new RingLife(model, random);
    changes += ring.changesUntil(hours * 3_600_000 * stretch);
    outages += ring.outages;
    days += (hours * stretch) / 24;
    made++;
  }
  return { changes, runs: made, days };
}
