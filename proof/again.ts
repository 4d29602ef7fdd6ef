import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../lab/paths.ts";
import { drawFigure } from "./figures/draw.ts";
import { AGAIN } from "./judge-again.ts";

/**
 * `node run.mjs proof/again.ts`: what was measured, beside what today's model forecasts. Nothing is measured; the
 * forecasts and the verdict in docs/evidence are made anew, and all figures are drawn. Exit 1 where something does
 * not hold.
 */
const folder = join(projectDir, "docs/evidence");
const names = (await readdir(folder))
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -5));
for (const name of names) {
  const again = AGAIN[name];
  if (again !== undefined) {
    const file = join(folder, `${name}.json`);
    const evidence = z
      .looseObject({ measured: z.looseObject({}) })
      .parse(JSON.parse(await readFile(file, "utf8")));
    const judged = again(evidence.measured);
    for (const claim of judged.broken) console.error(`!!  ${name}: ${claim}`);
    if (judged.broken.length > 0) process.exitCode = 1;
    const measured = { ...evidence.measured, ...judged };
    await writeFile(file, `${JSON.stringify({ ...evidence, measured }, null, 2)}\n`);
  }
  await drawFigure(name);
}
