import { z } from "zod";
import { FORECAST_DEFAULTS, forecast, outlookOf } from "../../cluster/forecast.ts";
import { ringOrder } from "../../cluster/ring.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { chooseSettings, hasFastDataUp, matrixFlags, readMesh, seedFlag } from "../forecast-input.ts";
import { forecastResult } from "../forecast-result.ts";
import { forecastLines } from "../forecast-text.ts";

const flags = matrixFlags.extend({
  settings: z.string().default("tuned"),
  ha: z.boolean().default(false),
  seed: seedFlag.default(FORECAST_DEFAULTS.seed),
});

/** `tailmox forecast`: one screen, or JSON. Gives the exit status: 0, whatever the verdict. */
export async function runForecast(raw: unknown): Promise<number> {
  const { settings, ha, seed, ...input } = parseFlags(flags, raw);
  const settingsFor = await chooseSettings(settings);
  const mesh = await readMesh(input, "forecast");
  const options = { ...FORECAST_DEFAULTS, ha, seed, fastDataUp: hasFastDataUp(settings) };
  const judged = forecast(mesh, settingsFor, options);
  const name = settings === "tuned" ? "pve-9" : "tuned";
  const order = ringOrder(mesh);
  const other = (await chooseSettings(name))(mesh, order);
  const outlook = outlookOf(mesh, order, other, {
    ...options,
    runs: options.runs / 4,
    fastDataUp: hasFastDataUp(name),
  });
  const compared = { name, outlook };
  console.log(
    input.json
      ? envelope({ ok: true, result: forecastResult(judged, compared, settings, options) })
      : forecastLines(judged, compared, settings, ha).join("\n"),
  );
  return 0;
}
