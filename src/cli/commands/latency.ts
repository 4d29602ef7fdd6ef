import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { matrixCsv, matrixFile } from "../../latency/matrix-file.ts";
import { type Measurement, measure } from "../../latency/measure.ts";
import { type Roster, readRoster } from "../../latency/roster.ts";
import { assertRoot } from "../assert-root.ts";
import { durationFlag } from "../duration.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { latencyLines } from "../latency-text.ts";
import { lookFlags, lookHere } from "../look.ts";
import { makeScreen, silentScreen } from "../screen.ts";
import { tagFlag } from "../tailnet-flags.ts";

const flags = lookFlags.extend({
  for: durationFlag(1_000, 3_600_000).default(5_000),
  watch: z.boolean().default(false),
  csv: z.boolean().default(false),
  save: z.string().optional(),
  tag: tagFlag.default("tag:tailmox"),
});

/** `tailmox latency`: the matrix between all members or tagged peers. Gives the exit status. */
export async function runLatency(raw: unknown): Promise<number> {
  const given = parseFlags(flags, raw);
  const { for: durationMs, watch, json, csv, save } = given;
  if (json && csv) throw bothForms();
  assertRoot();
  const here = lookHere(given);
  const roster = await readRoster(here, given.tag);
  const screen = json || csv ? silentScreen : makeScreen(process.stdout);
  do {
    const { length } = roster.hosts;
    const words = `asking ${length} hosts at once (usually ${Math.round(durationMs / 1000) + 3} s)`;
    const phase = screen.phase("Latency", words);
    let done = 0;
    const measurement = await measure(here, roster, durationMs, (name) => {
      done += 1;
      phase.doing(`${name} is done, ${done} of ${length}`);
    });
    phase.ok(`${done} of ${length} hosts measured`);
    if (save !== undefined) await saveMatrix(save, measurement);
    console.log(shown(measurement, roster, { json, csv }));
  } while (watch);
  return 0;
}

function shown(
  measurement: Measurement,
  { scope }: Roster,
  { json, csv }: { json: boolean; csv: boolean },
): string {
  if (csv) return matrixCsv(measurement).trimEnd();
  if (!json) return ["", ...latencyLines(measurement)].join("\n");
  const { durationMs, hosts, links } = measurement;
  const result = { scope, durationMs, hosts, links, matrix: matrixFile(measurement) };
  return envelope({ ok: true, result });
}

/** By the name of the file: CSV or JSON. */
async function saveMatrix(file: string, measurement: Measurement): Promise<void> {
  const text = file.endsWith(".csv")
    ? matrixCsv(measurement)
    : `${JSON.stringify(matrixFile(measurement), null, 2)}\n`;
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new UserError("E_USAGE", `--save: ${file} could not be written`, {
      likely: cause instanceof Error ? cause.message : String(cause),
      mend: "choose another file",
      cause,
    });
  }
}

function bothForms(): UserError {
  return new UserError("E_USAGE", "--json and --csv cannot both stand on one stdout", {
    likely: "both were given",
    mend: "leave out one; --save FILE.csv writes the other beside it",
  });
}
