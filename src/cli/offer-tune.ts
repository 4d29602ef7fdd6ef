import type { Cluster } from "../cluster/facts.ts";
import { FORECAST_DEFAULTS } from "../cluster/forecast.ts";
import { parseLatencyMatrix } from "../cluster/latency-matrix.ts";
import { fullMesh, type Mesh } from "../cluster/mesh.ts";
import { parseSettingsFile } from "../cluster/settings-file.ts";
import { OUTAGE_LIMIT_MS } from "../cluster/tuned.ts";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { matrixFile } from "../latency/matrix-file.ts";
import { measure } from "../latency/measure.ts";
import { memberRoster } from "../latency/roster.ts";
import { MASTER_CONF } from "../tune/guard-script.ts";
import type { Workplace } from "./change-here.ts";
import { clusterRoster, planTune } from "./tune-living.ts";
import { type ChangedKey, changedKeys, fittingSettings, tuneLines } from "./tune-outlook.ts";
import { applyTune } from "./tune-run.ts";

/** What was found of the timers, for the end of `up`. */
export interface TuneOffer {
  readonly outcome: "they fit" | "would change" | "tuned" | "unknown";
  readonly changes: readonly ChangedKey[];
  readonly lines: readonly string[];
}

/**
 * Holds corosync's timers against the distances of the members, measured just now (`mesh`), else by a short look.
 * Where others fit better it offers them: a person is asked, otherwise it is only said. Never throws: what `up` did
 * stands whatever comes of this.
 */
export async function offerTune(
  place: Pick<Workplace, "host" | "gate" | "journal" | "screen" | "ask">,
  { yes, mesh, node, cluster }: { yes: boolean; mesh: Mesh | undefined; node: string; cluster: Cluster },
): Promise<TuneOffer> {
  let changes: readonly ChangedKey[] = [];
  try {
    changes = await wantedChanges(place.host, mesh ?? (await shortLook(place, cluster, node)));
    if (changes.length === 0) {
      return { outcome: "they fit", changes, lines: ["Corosync's timers fit the distances of these hosts."] };
    }
    const would = wouldChange(changes);
    if (yes || !place.ask) return { outcome: "would change", changes, lines: [would] };
    place.screen.say("");
    place.screen.note(would);
    const question = "Look at it now? It measures anew, shows its plan and asks again";
    if (!(await place.ask.goOn(question))) return { outcome: "would change", changes, lines: LATER };
    return { outcome: "tuned", changes, lines: await tuneNow(place) };
  } catch (error) {
    place.journal.write({ event: "timers", error: String(error) });
    return { outcome: "unknown", changes, lines: [`!! Corosync's timers: ${errorWords(error)}`, ...LATER] };
  }
}

const LATER = ["Later: tailmox tune"];

/** The timers follow from round trips and packet sizes alone; loss and jitter, which take longer, are tune's to show. */
async function shortLook(
  { host, screen }: Pick<Workplace, "host" | "screen">,
  cluster: Cluster,
  node: string,
): Promise<Mesh> {
  const roster = await memberRoster(host, cluster, node);
  const phase = screen.phase(
    "Timers",
    `measuring the ways between ${roster.hosts.length} members (usually 3 s)`,
  );
  const measurement = await measure(host, roster, SHORT_MS);
  const asked = measurement.hosts.filter(({ unknown }) => unknown === undefined);
  const words = `${asked.length} of ${roster.hosts.length} members measured the ways to the others`;
  if (asked.length === roster.hosts.length) phase.ok(words);
  else phase.warn(words);
  // As a file would be: what a measurement leaves open is judged in one place.
  return fullMesh(parseLatencyMatrix(JSON.stringify(matrixFile(measurement)), "the measurement"));
}

/** Ten echoes a way. */
const SHORT_MS = 1_000;

/** What differs by less follows from one measurement to the next, and would be offered for ever. */
const NOISE = 0.1;

/** What `tailmox tune` would change, but for what lies within the noise of a measurement. */
async function wantedChanges(host: Reader, mesh: Mesh): Promise<ChangedKey[]> {
  const text = (await host.text(MASTER_CONF)) ?? "";
  const changes = changedKeys(parseSettingsFile(text, MASTER_CONF), fittingSettings(mesh, OUTAGE_LIMIT_MS));
  const isNoise = ({ old, new: value }: ChangedKey) => old !== null && Math.abs(value - old) <= NOISE * old;
  return changes.every(isNoise) ? [] : changes;
}

/** All keys, and the reason of the first, from which the others mostly follow. */
function wouldChange(changes: readonly ChangedKey[]): string {
  const keys = changes.map(({ key, old, new: value }) => `${key} ${old ?? "default"} -> ${value}`);
  return `tailmox tune would change ${keys.join(", ")}: ${changes[0]?.why}.`;
}

function errorWords(error: unknown): string {
  if (!(error instanceof UserError)) return String(error);
  return `${error.message.replace(/\.$/, "")} (${error.likely}; ${error.code}).`;
}

/** As `tailmox tune` does it. */
async function tuneNow(place: Parameters<typeof offerTune>[0]): Promise<string[]> {
  const flags = { to: "tuned", undo: false, ha: false, acceptRisk: [], seed: FORECAST_DEFAULTS.seed };
  const plan = await planTune(flags, await clusterRoster(), place);
  for (const line of ["", ...tuneLines(plan.outlook, "current")]) place.screen.say(line);
  const outcome = await applyTune(
    plan,
    { ...flags, dryRun: false, yes: false, confirmWithin: 90_000 },
    place,
  );
  return outcome === "tuned"
    ? ["All members have the new timers.     Back: tailmox tune --undo"]
    : ["Corosync's timers fit the distances of these hosts."];
}
