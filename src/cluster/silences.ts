import type { HostBursts } from "./latency-matrix.ts";
import type { Mesh } from "./mesh.ts";
import { seededRandom } from "./random.ts";
import { changesOfSilence } from "./silence.ts";
import type { StabilityModel } from "./stability-model.ts";

/** What a host that is cut off for a while costs the others. */
export interface SilenceCost {
  ms: number;
  /** Membership changes for one such outage, on average, at the host where it costs most. */
  changes: number;
  /** How many of such outages cost any, 0 to 1. */
  share: number;
}

/** The lengths of outages that a forecast tells about; real corosync was measured with these. */
const TOLD_MS = [1000, 2000, 5000, 8000] as const;
const PLAYS = 100;
/** Bursts are played so often, fewer times where one takes so many rotations that it would take seconds. */
const BURST_PLAYS = 400;
const BURST_ROTATIONS = 200_000;

/** What total outages of one host cost, by their length. */
export function costOfSilences(model: StabilityModel, seed: number): SilenceCost[] {
  const random = seededRandom(seed);
  return TOLD_MS.map((ms) => {
    const costs = model.hops.map((_, place) => costOf(model, place, () => ({ ms, loss: 1 }), PLAYS, random));
    const worst = costs.reduce((most, cost) => (cost.changes > most.changes ? cost : most));
    return { ms, ...worst };
  });
}

/** Membership changes a day by the bursts of loss that the matrix tells of its hosts' lines. */
export function burstChangesPerDay(
  mesh: Mesh,
  order: readonly number[],
  model: StabilityModel,
  seed: number,
): number {
  const random = seededRandom(seed);
  return order.reduce((sum, host, place) => {
    const bursts = mesh.hosts[host]?.bursts;
    if (bursts === undefined) return sum;
    const affordable = Math.ceil((BURST_ROTATIONS * model.rotationMs) / bursts.meanMs);
    const plays = Math.min(BURST_PLAYS, Math.max(affordable, 20));
    const each = costOf(model, place, () => burstOf(bursts, random), plays, random);
    return sum + 24 * bursts.perHour * each.changes;
  }, 0);
}

/** Bursts end as likely after a second as after ten: Gilbert and Elliott's bad state in time. */
function burstOf({ meanMs, loss }: HostBursts, random: () => number): { ms: number; loss: number } {
  return { ms: -Math.log(1 - random()) * meanMs, loss };
}

function costOf(
  model: StabilityModel,
  place: number,
  draw: () => { ms: number; loss: number },
  plays: number,
  random: () => number,
): { changes: number; share: number } {
  let [changes, costly] = [0, 0];
  for (let play = 0; play < plays; play++) {
    const cost = changesOfSilence(model, { place, ...draw() }, random);
    changes += cost;
    costly += cost > 0 ? 1 : 0;
  }
  return { changes: changes / plays, share: costly / plays };
}
