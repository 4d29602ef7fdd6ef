import { type BeyondMeasured, beyondMeasured } from "./beyond-measured.ts";
import { type Verdict, verdictOf } from "./forecast-verdict.ts";
import { fewestProbes, lossBounds } from "./loss-bounds.ts";
import { type MembershipChanges, membershipChanges } from "./membership-changes.ts";
import { linksOf, type Mesh } from "./mesh.ts";
import { gappedIds } from "./node-ids.ts";
import { type ProbesWanted, probesWanted } from "./probes-wanted.ts";
import { bestRing, ringNames, ringOrder, rotationMs } from "./ring.ts";
import { type RingFigures, ringFigures } from "./ring-figures.ts";
import { moreHostsThatFit } from "./room.ts";
import { costOfSilences, type SilenceCost } from "./silences.ts";
import { stabilityModel } from "./stability-model.ts";
import type { TotemSettings } from "./totem.ts";
import { WATCHDOG_MS } from "./tuned.ts";
import { type SettingsFor, type WeakestHost, type WeakestPair, weakestHost, weakestPair } from "./weakest.ts";

export interface ForecastOptions {
  /** HA resources are used: its watchdog resets hosts that cannot write for 60 s. */
  ha: boolean;
  seed: number;
  /** Simulated time of one run, hours. */
  hours: number;
  runs: number;
  /** The hosts' libknet is 1.27 or later, which breaks half as often; where unknown, say no. */
  fastDataUp: boolean;
}

export const FORECAST_DEFAULTS: ForecastOptions = {
  ha: false,
  seed: 1,
  hours: 24,
  runs: 200,
  fastDataUp: false,
};

/** What a ring with given settings will be like. */
export interface Outlook {
  totem: TotemSettings;
  figures: RingFigures;
  /** Undefined where no ring can form at all. */
  changes?: MembershipChanges;
  verdict: Verdict;
  beyond: BeyondMeasured;
}

export interface Forecast extends Outlook {
  ring: RingReport;
  /** What it costs when one host is cut off for so long; empty where no ring can form. */
  silences: SilenceCost[];
  weakest: { pair: WeakestPair; host?: WeakestHost };
  /** More hosts like these before the verdict gets worse. */
  moreHosts: number;
  watchdog: { limitMs: number; marginMs: number };
  measured: {
    /** The fewest probes behind any link; undefined where some link does not tell. */
    fewestProbes?: number;
    /** Directed links whose loss nobody measured. */
    linksWithoutLoss: number;
    /** The most loss that the measurement leaves open on any link. */
    lossBound: number;
    wanted?: ProbesWanted;
  };
}

/** The ring as its ids make it, and as they could. */
export interface RingReport {
  order: string[];
  rotationMs: number;
  best: { order: string[]; nodeids: number[]; rotationMs: number; exact: boolean };
}

/** The whole forecast of a mesh in the order of its nodeids, with settings that may follow from it. */
export function forecast(mesh: Mesh, settingsFor: SettingsFor, options: ForecastOptions): Forecast {
  const order = ringOrder(mesh);
  const settings = settingsFor(mesh, order);
  const outlook = outlookOf(mesh, order, settings, options);
  const { colour } = outlook.verdict;
  const host = weakestHost(mesh, settingsFor, options);
  const probes = fewestProbes(mesh);
  const wanted = outlook.changes && probesWanted(mesh, order, settings, outlook.changes, options);
  return {
    ...outlook,
    ring: ringReport(mesh),
    silences: outlook.changes
      ? costOfSilences(stabilityModel(mesh, order, settings, options), options.seed)
      : [],
    weakest: { pair: weakestPair(mesh, settings), ...(host && { host }) },
    moreHosts: moreHostsThatFit(mesh, settingsFor, { ...options, colour }),
    watchdog: { limitMs: WATCHDOG_MS, marginMs: WATCHDOG_MS - outlook.figures.outageMs.crash },
    measured: {
      ...(probes !== undefined && { fewestProbes: probes }),
      linksWithoutLoss: [...linksOf(mesh)].filter(({ link }) => link.loss === undefined).length,
      lossBound: Math.max(...[...linksOf(mesh)].map(({ link }) => lossBounds(link).high)),
      ...(wanted && { wanted }),
    },
  };
}

/** Figures, changes and verdict of one ring with one set of settings. */
export function outlookOf(
  mesh: Mesh,
  order: readonly number[],
  totem: TotemSettings,
  options: ForecastOptions,
): Outlook {
  const figures = ringFigures(mesh, order, totem);
  const changes = figures.impossible.length > 0 ? undefined : membershipChanges(mesh, order, totem, options);
  const beyond = beyondMeasured(mesh);
  const verdict = verdictOf(figures, changes ?? { mean: 0, highByMeasurement: 0 }, { ...options, beyond });
  return { totem, figures, ...(changes && { changes }), verdict, beyond };
}

/** Order and rotation by the present ids, and the best there is. */
export function ringReport(mesh: Mesh): RingReport {
  const best = bestRing(mesh);
  const order = ringOrder(mesh);
  return {
    order: ringNames(mesh, order),
    rotationMs: rotationMs(mesh, order),
    best: { ...best, order: ringNames(mesh, best.order), nodeids: gappedIds(mesh.hosts.length) },
  };
}
