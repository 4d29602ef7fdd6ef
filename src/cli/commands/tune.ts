import { z } from "zod";
import { FORECAST_DEFAULTS, type Outlook, outlookOf, ringReport } from "../../cluster/forecast.ts";
import type { Mesh } from "../../cluster/mesh.ts";
import { bestRing, ringOrder } from "../../cluster/ring.ts";
import type { TotemSettings } from "../../cluster/totem.ts";
import {
  OUTAGE_LIMIT_MS,
  OUTAGE_LIMIT_WITHOUT_HA_MS,
  type TunedSettings,
  tunedSettings,
} from "../../cluster/tuned.ts";
import { UserError } from "../../errors.ts";
import { alignColumns } from "../../up/table.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { chooseSettings, hasFastDataUp, matrixFlags, readMesh, seedFlag } from "../forecast-input.ts";
import { ms, rate, withoutNoBreak } from "../forecast-text.ts";
import { wrap } from "../wrap.ts";

const flags = matrixFlags.extend({
  dryRun: z.boolean().default(false),
  settings: z.string().default("pve-9"),
  ha: z.boolean().default(false),
  acceptRisk: z.literal("no-ha").optional(),
  seed: seedFlag.default(FORECAST_DEFAULTS.seed),
});

/** `tailmox tune --matrix FILE --dry-run`: settings for a ring, with the forecast before and after. */
export async function runTune(raw: unknown): Promise<number> {
  const { dryRun, settings, ha, acceptRisk, seed, ...input } = parseFlags(flags, raw);
  const { mesh, living } = await readMesh(input, "tune");
  if (!dryRun) throw onlyDry();
  if (ha && acceptRisk !== undefined) throw contradiction();
  const order = ringOrder(mesh);
  const old = (await chooseSettings(settings))(mesh, order);
  const limitMs = acceptRisk === undefined ? OUTAGE_LIMIT_MS : OUTAGE_LIMIT_WITHOUT_HA_MS;
  const tuned = tunedSettings(mesh, order, { limitMs });
  if (!tuned.fits) throw noFit(mesh, limitMs);
  const options = { ...FORECAST_DEFAULTS, ha, seed };
  const before = outlookOf(mesh, order, old, { ...options, fastDataUp: hasFastDataUp(settings, living) });
  const after = outlookOf(mesh, order, tuned.settings, options);
  const changes = changedKeys(old, tuned);
  if (input.json) {
    const result = {
      totem: tuned.settings,
      changes,
      ring: ringReport(mesh),
      before: brief(before),
      after: brief(after),
    };
    console.log(envelope({ ok: true, result }));
  } else {
    console.log(withoutNoBreak(tuneLines(changes, settings, before, after)).join("\n"));
  }
  return 0;
}

interface ChangedKey {
  key: string;
  old: number | null;
  new: number;
  why: string;
}

/** The keys that tuning sets and the old settings have otherwise. */
function changedKeys(old: TotemSettings, { settings, reasons }: TunedSettings): ChangedKey[] {
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

function tuneLines(
  changes: readonly ChangedKey[],
  settings: string,
  before: Outlook,
  after: Outlook,
): string[] {
  const stability = ({ changes: found }: Outlook) => (found ? rate(found.mean) : "no ring");
  return [
    changes.length === 0
      ? "The settings are right for these distances already."
      : "Settings for these distances:",
    "",
    ...changes.flatMap(({ key, old, new: value, why }) => [
      `  ${key}  ${old ?? "default"} -> ${value}`,
      ...wrap(why, "      ", "      "),
    ]),
    "",
    ...alignColumns([
      ["  forecast", settings, "tuned"],
      ["  verdict", before.verdict.colour.toUpperCase(), after.verdict.colour.toUpperCase()],
      ["  membership changes", stability(before), stability(after)],
      [
        "  silence of a pair survived",
        ms(before.figures.survivesOutageMs),
        ms(after.figures.survivesOutageMs),
      ],
      ["  no writes after a power cut", ms(before.figures.outageMs.crash), ms(after.figures.outageMs.crash)],
    ]),
    "",
    "Nothing was changed: this was computed from the matrix alone.",
  ];
}

function onlyDry(): UserError {
  return new UserError(
    "E_NEEDS_MATRIX",
    "tailmox tune only computes in this version: it does not change a living cluster.",
    {
      likely: "--dry-run was left out",
      mend: "tailmox tune --matrix FILE --dry-run",
    },
  );
}

function contradiction(): UserError {
  return new UserError("E_USAGE", "--ha and --accept-risk no-ha contradict each other", {
    likely: "HA hosts are reset after 60 s without writes, so the limit stays at 40 s with it",
    mend: "leave out one of them",
  });
}

function noFit(mesh: Mesh, limitMs: number): UserError {
  const best = bestRing(mesh);
  const { fits } = tunedSettings(mesh, best.order, { limitMs });
  return new UserError(
    "E_TUNE_NO_FIT",
    `With this ring a power cut would stop all writes for longer than ${limitMs / 1000} s, whatever the settings.`,
    {
      likely: "the hosts are too far from each other, or their ids cross the sites back and forth",
      mend: fits
        ? `with ids in the order ${best.order.map((place) => mesh.hosts[place]?.name).join(", ")} it fits: tailmox ring`
        : "do not cluster these: use two clusters and Proxmox Datacenter Manager",
    },
  );
}
