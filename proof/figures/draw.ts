import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectDir } from "../../lab/paths.ts";
import { drawEndings } from "./endings.ts";
import { drawLoss } from "./loss.ts";
import { drawRings } from "./rings.ts";
import { drawBursts, drawOutages } from "./silences.ts";
import { drawTailscaled } from "./tailscaled.ts";

/** The figure of each proof, from the `measured` part of its evidence. */
const FIGURES: Readonly<Record<string, (measured: unknown) => string>> = {
  ring: drawRings,
  "stability-loss": drawLoss,
  "stability-outages": drawOutages,
  "stability-outages-idle": drawOutages,
  "stability-bursts": drawBursts,
  "stability-endings": drawEndings,
  tailscaled: drawTailscaled,
};

/** Draws docs/evidence/NAME.svg from NAME.json where that proof has a figure. */
export async function drawFigure(name: string): Promise<void> {
  const draw = FIGURES[name];
  if (draw === undefined) return;
  const folder = join(projectDir, "docs/evidence");
  const evidence: unknown = JSON.parse(await readFile(join(folder, `${name}.json`), "utf8"));
  const measured: unknown = Reflect.get(Object(evidence), "measured");
  await writeFile(join(folder, `${name}.svg`), draw(measured));
}
