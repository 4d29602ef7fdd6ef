import { randomBytes } from "node:crypto";
import { type ConfEdit, presentValues } from "../cluster/corosync-edit.ts";
import { FORECAST_DEFAULTS } from "../cluster/forecast.ts";
import { parseSettingsFile } from "../cluster/settings-file.ts";
import { type TotemSettings, totemSettings } from "../cluster/totem.ts";
import { settingsEdit, tuneTexts } from "../cluster/tune-edit.ts";
import { OUTAGE_LIMIT_MS, OUTAGE_LIMIT_WITHOUT_HA_MS } from "../cluster/tuned.ts";
import { UserError } from "../errors.ts";
import { closedGate, type Gate } from "../host/gate.ts";
import { type Host, openHost } from "../host/host.ts";
import { type Journal, noJournal } from "../host/journal.ts";
import { localTransport } from "../host/local.ts";
import { allReached, reachHost } from "../latency/reach-host.ts";
import { type Roster, readRoster } from "../latency/roster.ts";
import { usesHa } from "../status/ha-risk.ts";
import { commonConf } from "../tune/members.ts";
import { readRecord } from "../tune/record.ts";
import { chooseSettings } from "./forecast-input.ts";
import { livingMesh } from "./living-mesh.ts";
import { fittingSettings, type Reasoned, type TuneOutlook, tuneOutlook } from "./tune-outlook.ts";

/** The run has its own journal, and its own words for what it measures. */
const SILENT = { json: false, verbose: false, logFile: undefined, tag: "tag:tailmox" };

export interface LivingFlags {
  readonly undo: boolean;
  readonly to: string;
  readonly ha: boolean;
  readonly acceptRisk: readonly string[];
  readonly seed: number;
}

/** The members of the cluster that this host is in. Throws E_NEEDS_MATRIX where it is in none. */
export async function clusterRoster(): Promise<Roster> {
  const here = openHost(localTransport("this host"), closedGate, noJournal);
  const roster = await readRoster(here, "tag:tailmox").catch((error: unknown) => {
    const isAlone = error instanceof UserError && error.code === "E_NOTHING_TO_MEASURE";
    throw isAlone ? noCluster(error.message) : error;
  });
  if (roster.scope.kind !== "members") throw noCluster("tailmox up was not run here yet");
  return roster;
}

/** All that is known before anything is changed. */
export interface TunePlan {
  readonly here: Host;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly tuning: {
    readonly id: string;
    readonly texts: ReturnType<typeof tuneTexts>["texts"];
    readonly settings: { readonly old: TotemSettings; readonly new: TotemSettings };
    readonly edits: { readonly old: ConfEdit; readonly new: ConfEdit };
  };
  readonly outlook: TuneOutlook;
  readonly ha: boolean;
}

/**
 * Looks at the cluster that this host is in, and works out what to change. Changes nothing.
 * @throws UserError E_MEMBER_UNREACHED, E_CLUSTER_NOT_WHOLE, E_TUNE_* and what forecast throws.
 */
export async function planTune(
  flags: LivingFlags,
  roster: Roster,
  { gate, journal }: { gate: Gate; journal: Journal },
): Promise<TunePlan> {
  const here = await ownHost(gate, journal);
  const reached = await Promise.all(
    roster.hosts.map(async (host) => [host.name, await reachHost(here, host, { gate, journal })] as const),
  );
  const hosts = allReached(new Map(reached));
  const oldText = await commonConf(here, hosts);
  const old = parseSettingsFile(oldText, "/etc/pve/corosync.conf");
  const ha = flags.ha || (await usesHa(here));
  const noHa = flags.acceptRisk.includes("no-ha");
  if (ha && noHa) throw contradiction();
  const { mesh, living } = await livingMesh("tune", [], SILENT);
  const fast = living?.fastDataUp ?? false;
  const limitMs = noHa ? OUTAGE_LIMIT_WITHOUT_HA_MS : OUTAGE_LIMIT_MS;
  const wanted: Wanted = flags.undo
    ? await undone(here, oldText)
    : flags.to === "tuned"
      ? fittingSettings(mesh, limitMs)
      : withoutReasons((await chooseSettings(flags.to))(mesh, []));
  const edit = wanted.edit ?? settingsEdit(wanted.settings);
  const { texts, replaced } = tuneTexts(oldText, edit);
  const options = { ...FORECAST_DEFAULTS, ha, seed: flags.seed, fastDataUp: fast };
  return {
    here,
    hosts,
    tuning: {
      id: randomBytes(8).toString("hex"),
      texts,
      settings: { old, new: wanted.settings },
      edits: { old: replaced, new: edit },
    },
    outlook: tuneOutlook(mesh, old, wanted, options, fast),
    ha,
  };
}

interface Wanted extends Reasoned {
  /** Undefined: it follows from the settings. */
  readonly edit?: ConfEdit;
}

/** The host by its own name, as the others call it. */
async function ownHost(gate: Gate, journal: Journal): Promise<Host> {
  const { stdout } = await localTransport("this host").run(["uname", "-n"]);
  return openHost(localTransport(stdout.trim().split(".")[0] || "this host"), gate, journal);
}

/** What stood there before the last tuning; throws E_TUNE_CHANGED where the file is no longer as that one left it. */
async function undone(here: Host, text: string): Promise<Wanted> {
  const record = await readRecord(here);
  const now = presentValues(text, record.new);
  if (!Bun.deepEquals(now, record.new)) {
    throw new UserError("E_TUNE_CHANGED", "corosync.conf is no longer as the last tuning left it", {
      likely: `somebody has changed its settings since ${record.time}`,
      mend: "tailmox tune --to pve-9, or edit it by hand",
    });
  }
  const edit = record.old;
  const numbers = Object.entries({ ...edit.totem, ...edit.link }).filter(([, value]) => value !== null);
  // Keys that neither tuning touches keep their present values.
  const kept = Object.fromEntries(
    Object.entries(parseSettingsFile(text, "/etc/pve/corosync.conf")).filter(
      ([key]) => !(key in edit.totem) && !(key in edit.link),
    ),
  );
  const settings = totemSettings.parse({ ...kept, ...Object.fromEntries(numbers) });
  return { ...withoutReasons(settings), edit };
}

function withoutReasons(settings: TotemSettings): Wanted {
  return { settings, reasons: Object.fromEntries(Object.keys(settings).map((key) => [key, ""])) };
}

function noCluster(likely: string): UserError {
  return new UserError("E_NEEDS_MATRIX", "this host is in no cluster that could be tuned", {
    likely,
    mend: "tailmox tune --matrix FILE --dry-run only computes",
  });
}

export function contradiction(): UserError {
  return new UserError("E_USAGE", "HA is used here, so --accept-risk no-ha cannot be meant", {
    likely: "HA resets hosts after 60 s without writes, so an outage must stay below 40 s with it",
    mend: "leave --accept-risk no-ha out",
  });
}
