import { type ForecastOptions, type Outlook, outlookOf, ringReport } from "../cluster/forecast.ts";
import type { Mesh } from "../cluster/mesh.ts";
import { bestRing, ringOrder } from "../cluster/ring.ts";
import type { TotemSettings } from "../cluster/totem.ts";
import { OUTAGE_LIMIT_WITHOUT_HA_MS, type TunedSettings, tunedSettings } from "../cluster/tuned.ts";
import { UserError } from "../errors.ts";
import { alignColumns } from "../up/table.ts";
import { ms, rate, withoutNoBreak } from "./forecast-text.ts";
import { wrap } from "./wrap.ts";

/** Settings beside those they would replace, with the forecast of both. */
export interface TuneOutlook {
  readonly totem: TotemSettings;
  readonly changes: readonly ChangedKey[];
  readonly ring: ReturnType<typeof ringReport>;
  readonly before: Outlook;
  readonly after: Outlook;
}

/** Settings with a reason for each key that matters. */
export interface Reasoned {
  readonly settings: TotemSettings;
  readonly reasons: Readonly<Record<string, string>>;
}

export interface ChangedKey {
  readonly key: string;
  readonly old: number | null;
  readonly new: number;
  readonly why: string;
}

/** Both forecasts; `fastNow` is of the libknet that the old settings run with. */
export function tuneOutlook(
  mesh: Mesh,
  old: TotemSettings,
  wanted: Reasoned,
  options: ForecastOptions,
  fastNow: boolean,
): TuneOutlook {
  const order = ringOrder(mesh);
  return {
    totem: wanted.settings,
    changes: changedKeys(old, wanted),
    ring: ringReport(mesh),
    before: outlookOf(mesh, order, old, { ...options, fastDataUp: fastNow }),
    after: outlookOf(mesh, order, wanted.settings, options),
  };
}

/** The settings of corosync.md 7 for a mesh. Throws E_TUNE_NO_FIT where no token suits the ring. */
export function fittingSettings(mesh: Mesh, limitMs: number): TunedSettings {
  const order = ringOrder(mesh);
  const tuned = tunedSettings(mesh, order, { limitMs });
  if (tuned.fits) return tuned;
  const best = bestRing(mesh);
  const { fits } = tunedSettings(mesh, best.order, { limitMs });
  const limitWithoutHa = { limitMs: OUTAGE_LIMIT_WITHOUT_HA_MS };
  const withoutHa = limitMs < limitWithoutHa.limitMs && tunedSettings(mesh, order, limitWithoutHa).fits;
  throw new UserError(
    "E_TUNE_NO_FIT",
    `With this ring a power cut would stop all writes for longer than ${limitMs / 1000} s, whatever the settings.`,
    {
      likely: "the hosts are too far from each other, or their ids cross the sites back and forth",
      mend: `${
        fits
          ? `with ids in the order ${best.order.map((place) => mesh.hosts[place]?.name).join(", ")} it fits: tailmox ring`
          : "do not cluster these: use two clusters and Proxmox Datacenter Manager"
      }${withoutHa ? "; or, if HA is never used here: --accept-risk no-ha" : ""}`,
    },
  );
}

/** As `--json` prints it. */
export function tuneResult({ before, after, ...rest }: TuneOutlook) {
  return { ...rest, before: brief(before), after: brief(after) };
}

/** Old and new with a reason for each, then both forecasts side by side. */
export function tuneLines({ changes, before, after }: TuneOutlook, settings: string): string[] {
  const stability = ({ changes: found }: Outlook) => (found ? rate(found.mean) : "no ring");
  const crash = ({ figures }: Outlook) => ms(figures.outageMs.crash);
  const silence = ({ figures }: Outlook) => ms(figures.survivesOutageMs);
  const colour = ({ verdict }: Outlook) => verdict.colour.toUpperCase();
  return withoutNoBreak([
    changes.length === 0
      ? "The settings are right for these distances already."
      : "Settings for these distances:",
    "",
    ...changes.flatMap(({ key, old, new: value, why }) => [
      `  ${key}  ${old ?? "default"} -> ${value}`,
      ...(why === "" ? [] : wrap(why, "      ", "      ")),
    ]),
    "",
    ...alignColumns([
      ["  forecast", settings, "then"],
      ["  verdict", colour(before), colour(after)],
      ["  membership changes", stability(before), stability(after)],
      ["  silence of a pair survived", silence(before), silence(after)],
      ["  no writes after a power cut", crash(before), crash(after)],
    ]),
    "",
  ]);
}

/** The keys that are set and the old settings have otherwise. */
export function changedKeys(old: TotemSettings, { settings, reasons }: Reasoned): ChangedKey[] {
  const was = new Map<string, number | undefined>(Object.entries(old));
  const is = new Map<string, number | undefined>(Object.entries(settings));
  return Object.entries(reasons).flatMap(([key, why]) => {
    const value = is.get(key);
    return value === undefined || was.get(key) === value
      ? []
      : [{ key, old: was.get(key) ?? null, new: value, why }];
  });
}

function brief({ figures, changes, verdict }: Outlook) {
  return {
    verdict: verdict.colour,
    reasons: verdict.reasons.map(({ text }) => text),
    membershipChangesPerDay: changes ? { mean: changes.mean, low: changes.low, high: changes.high } : null,
    outageMs: figures.outageMs,
    writeLatencyMs: figures.writeLatencyMs,
    survivesOutageMs: figures.survivesOutageMs,
  };
}
