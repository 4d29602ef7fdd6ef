import { z } from "zod";
import { FORECAST_DEFAULTS, forecast, outlookOf } from "../../cluster/forecast.ts";
import { ringOrder } from "../../cluster/ring.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { chooseSettings, hasFastDataUp, matrixFlags, readMesh, seedFlag } from "../forecast-input.ts";
import { forecastResult } from "../forecast-result.ts";
import { forecastLines } from "../forecast-text.ts";

const flags = matrixFlags.extend({
  settings: z.string().optional(),
  ha: z.boolean().default(false),
  seed: seedFlag.default(FORECAST_DEFAULTS.seed),
});

/** `tailmox forecast`: one screen, or JSON. Gives the exit status: 0, whatever the verdict. */
export async function runForecast(raw: unknown): Promise<number> {
  const { settings: asked, ha: saidHa, seed, ...input } = parseFlags(flags, raw);
  // What cannot be understood is refused before the seconds of a measurement.
  const choice = asked === undefined ? undefined : await chooseSettings(asked);
  const { mesh, living } = await readMesh(input, "forecast");
  const settings = asked ?? (living?.isCluster ? "current" : "tuned");
  const settingsFor = choice ?? (await chooseSettings(settings));
  const ha = saidHa || living?.ha === true;
  const options = { ...FORECAST_DEFAULTS, ha, seed, fastDataUp: hasFastDataUp(settings, living) };
  const judged = forecast(mesh, settingsFor, options);
  const name = settings === "tuned" ? "pve-9" : "tuned";
  const order = ringOrder(mesh);
  const other = (await chooseSettings(name))(mesh, order);
  const outlook = outlookOf(mesh, order, other, {
    ...options,
    runs: options.runs / 4,
    fastDataUp: hasFastDataUp(name, living),
  });
  const compared = { name, outlook };
  console.log(
    input.json
      ? envelope({ ok: true, result: forecastResult(judged, compared, settings, options) })
      : forecastLines(judged, compared, { settings, ha, isLiving: living !== undefined }).join("\n"),
  );
  return 0;
}
