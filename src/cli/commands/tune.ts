import { z } from "zod";
import { FORECAST_DEFAULTS } from "../../cluster/forecast.ts";
import { ringOrder } from "../../cluster/ring.ts";
import { OUTAGE_LIMIT_MS, OUTAGE_LIMIT_WITHOUT_HA_MS } from "../../cluster/tuned.ts";
import { UserError } from "../../errors.ts";
import { durationFlag } from "../duration.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { chooseSettings, hasFastDataUp, matrixFlags, readMesh, seedFlag } from "../forecast-input.ts";
import { contradiction } from "../tune-living.ts";
import { fittingSettings, tuneLines, tuneOutlook, tuneResult } from "../tune-outlook.ts";

const flags = matrixFlags.extend({
  dryRun: z.boolean().default(false),
  settings: z.string().default("pve-9"),
  to: z.string().default("tuned"),
  undo: z.boolean().default(false),
  yes: z.boolean().default(false),
  confirmWithin: durationFlag(60_000, 600_000).default(90_000),
  ha: z.boolean().default(false),
  acceptRisk: z.array(z.enum(["no-ha", "worse"])).default([]),
  seed: seedFlag.default(FORECAST_DEFAULTS.seed),
  logFile: z.string().default("/var/log/tailmox.log"),
});

export type TuneFlags = z.output<typeof flags>;

/** `tailmox tune`: the settings for a ring. With --matrix it only computes; without, it changes the living cluster. */
export async function runTune(raw: unknown): Promise<number> {
  const given = parseFlags(flags, raw);
  if (given.matrix === undefined && process.getuid?.() === 0) {
    const { runLivingTune } = await import("../tune-run.ts");
    return runLivingTune(given);
  }
  const { dryRun, settings, ha, acceptRisk, seed, ...input } = given;
  const { mesh, living } = await readMesh(input, "tune");
  if (!dryRun) throw onlyDry();
  const noHa = acceptRisk.includes("no-ha");
  if (ha && noHa) throw contradiction();
  const old = (await chooseSettings(settings))(mesh, ringOrder(mesh));
  const tuned = fittingSettings(mesh, noHa ? OUTAGE_LIMIT_WITHOUT_HA_MS : OUTAGE_LIMIT_MS);
  const options = { ...FORECAST_DEFAULTS, ha, seed };
  const outlook = tuneOutlook(mesh, old, tuned, options, hasFastDataUp(settings, living));
  const lines = [
    ...tuneLines(outlook, settings),
    "Nothing was changed: this was computed from the matrix alone.",
  ];
  console.log(input.json ? envelope({ ok: true, result: tuneResult(outlook) }) : lines.join("\n"));
  return 0;
}

function onlyDry(): UserError {
  return new UserError("E_NEEDS_MATRIX", "tailmox tune --matrix FILE only computes: it needs --dry-run.", {
    likely: "--dry-run was left out, or the cluster that this host is in was meant",
    mend: "tailmox tune --matrix FILE --dry-run; or, as root on a member, tailmox tune",
  });
}
