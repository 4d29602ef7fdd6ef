import type { LossView } from "./loss-bounds.ts";
import type { Mesh } from "./mesh.ts";
import { burstChangesPerDay } from "./silences.ts";
import { type Simulation, type SimulationOptions, simulateRing } from "./simulate.ts";
import { DAY_MS, stabilityModel, tokenLossesPerDay } from "./stability-model.ts";
import type { TotemSettings } from "./totem.ts";

/** Measured counts lay within this factor of the model (corosync.md 6.4: within 2.7, one of 3.3). */
export const MODEL_FACTOR = 3;

/** How often the membership is expected to change by itself, a day. */
export interface MembershipChanges {
  mean: number;
  /** The interval: error of the loss measurement, of the simulation, and of the model together. */
  low: number;
  high: number;
  /** With as much loss as the measurement leaves open, and a model without error: what the verdict rests on. */
  highByMeasurement: number;
  linkDownsPerDay: number;
  simulation: Simulation;
}

/** Forecasts the changes of a ring; the same seed gives the same answer. */
export function membershipChanges(
  mesh: Mesh,
  order: readonly number[],
  settings: TotemSettings,
  options: SimulationOptions & { fastDataUp: boolean },
): MembershipChanges {
  const { fastDataUp } = options;
  const play = (losses: LossView) => {
    const model = stabilityModel(mesh, order, settings, { losses, fastDataUp });
    const simulation = simulateRing(
      model,
      losses === "likely" ? options : { ...options, runs: options.runs / 4 },
    );
    const { changes, days } = simulation;
    // None seen: what is left is the token alone, which needs no simulation.
    const steady = changes === 0 ? tokenLossesPerDay(model) : changes / days;
    const perDay = steady + burstChangesPerDay(mesh, order, model, options.seed);
    const error = (1.96 * Math.sqrt(changes)) / days;
    return { perDay, low: Math.max(0, perDay - error), high: perDay + error, model, simulation };
  };
  const likely = play("likely");
  const least = play("low");
  const most = play("high");
  const highByMeasurement = Math.max(likely.perDay, most.perDay);
  return {
    mean: likely.perDay,
    low: Math.min(likely.low, least.low) / MODEL_FACTOR,
    // No ring breaks more often than its token times out.
    high: Math.min(Math.max(likely.high, most.high) * MODEL_FACTOR, DAY_MS / likely.model.timers.tokenMs),
    highByMeasurement,
    linkDownsPerDay: likely.model.linkDownsPerDay,
    simulation: likely.simulation,
  };
}

/** The mean alone, from a short simulation: for ranking what could be changed. */
export function roughChanges(
  mesh: Mesh,
  order: readonly number[],
  settings: TotemSettings,
  { seed, fastDataUp, losses = "likely" }: { seed: number; fastDataUp: boolean; losses?: LossView },
): number {
  const model = stabilityModel(mesh, order, settings, { losses, fastDataUp });
  const { changes, days } = simulateRing(model, { seed, hours: 4, runs: 12, effort: 0.02 });
  const steady = changes === 0 ? tokenLossesPerDay(model) : changes / days;
  return steady + burstChangesPerDay(mesh, order, model, seed);
}
