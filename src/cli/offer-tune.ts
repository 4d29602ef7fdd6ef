import { FORECAST_DEFAULTS } from "../cluster/forecast.ts";
import type { Mesh } from "../cluster/mesh.ts";
import { parseSettingsFile } from "../cluster/settings-file.ts";
import { OUTAGE_LIMIT_MS } from "../cluster/tuned.ts";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import { MASTER_CONF } from "../tune/guard-script.ts";
import type { Workplace } from "./change-here.ts";
import { livingMesh } from "./living-mesh.ts";
import { clusterRoster, planTune, SILENT } from "./tune-living.ts";
import { type ChangedKey, changedKeys, fittingSettings, tuneLines } from "./tune-outlook.ts";
import { applyTune } from "./tune-run.ts";

/** What was found of the timers, for the end of `up`. */
export interface TuneOffer {
  readonly outcome: "they fit" | "would change" | "tuned" | "unknown";
  readonly changes: readonly ChangedKey[];
  readonly lines: readonly string[];
}

/**
 * Holds corosync's timers against the distances of the members, measured just now (`mesh`), else anew in some 8 s.
 * Where others fit better it offers them: a person is asked, otherwise it is only said. Never throws: what `up` did
 * stands whatever comes of this.
 */
export async function offerTune(
  place: Pick<Workplace, "host" | "gate" | "journal" | "screen" | "ask">,
  { yes, mesh }: { yes: boolean; mesh: Mesh | undefined },
): Promise<TuneOffer> {
  let changes: readonly ChangedKey[] = [];
  try {
    changes = await wantedChanges(place.host, mesh ?? (await livingMesh("up", [], SILENT)).mesh);
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
