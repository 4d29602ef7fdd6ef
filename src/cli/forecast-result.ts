import type { Forecast, ForecastOptions } from "../cluster/forecast.ts";
import { type Compared, sentence } from "./forecast-sentence.ts";

/** What the model leaves out, so that nobody takes silence for safety (corosync.md 20). */
export const NOT_MODELLED = [
  "loss in bursts, where the matrix tells none, and outages of several hosts at once",
  "restarts of tailscaled, of its relays, and hosts too busy to answer",
  "Proxmox's own exchange of state after a change of members",
  "more than one link between two hosts",
] as const;

/** The forecast as `--json` prints it. */
export function forecastResult(
  {
    ring,
    silences,
    weakest,
    moreHosts,
    watchdog,
    measured,
    totem,
    figures,
    changes,
    verdict,
    beyond,
  }: Forecast,
  compared: Compared,
  settings: string,
  { ha, seed, hours }: ForecastOptions,
) {
  const perDay = changes && { mean: changes.mean, low: changes.low, high: changes.high };
  return {
    verdict: verdict.colour,
    sentence: sentence(verdict, ring.order.length, compared, settings),
    reasons: verdict.reasons.map(({ text }) => text),
    settings,
    ha,
    ring,
    fileChangeMs: figures.fileChangeMs,
    writeLatencyMs: figures.writeLatencyMs,
    membershipChangesPerDay: perDay ?? null,
    linkDownsPerDay: changes?.linkDownsPerDay ?? null,
    outageMs: figures.outageMs,
    joinMs: figures.joinMs,
    survives: {
      tokensLostPerRotation: figures.survivesLosses,
      outageOfOnePairMs: figures.survivesOutageMs,
      outagesOfOneHost: silences,
    },
    watchdog,
    weakest,
    moreHosts,
    totem,
    timers: figures.timers,
    compared: {
      settings: compared.name,
      verdict: compared.outlook.verdict.colour,
      membershipChangesPerDay: compared.outlook.changes?.mean ?? null,
    },
    measured,
    simulation: changes ? { seed, hours, ...changes.simulation } : null,
    beyondMeasured: Object.values(beyond),
    notModelled: NOT_MODELLED,
  };
}
