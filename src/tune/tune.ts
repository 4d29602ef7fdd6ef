import type { ConfEdit } from "../cluster/corosync-edit.ts";
import type { TotemSettings } from "../cluster/totem.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import type { StepDisplay } from "../steps/apply.ts";
import { armGuard, disarmGuard, type GuardTexts, isGuarded } from "./guard.ts";
import { guardFolder, MASTER_CONF } from "./guard-script.ts";
import { faults, readMember } from "./members.ts";
import { publishConf, reloadAll } from "./publish.ts";
import { type TuneRecord, writeRecord } from "./record.ts";
import { countsOf, type Watched, watchRing } from "./watch.ts";

/** A change of the totem settings of all members. */
export interface Tuning {
  readonly id: string;
  readonly texts: GuardTexts;
  readonly settings: { readonly old: TotemSettings; readonly new: TotemSettings };
  /** For the record: the keys as they were, and as they will be. */
  readonly edits: { readonly old: ConfEdit; readonly new: ConfEdit };
  readonly confirmWithinMs: number;
}

export interface TuneCompany {
  readonly display: StepDisplay;
  /** Whether to keep what was watched for 20 s; a person is given `ms` to answer. */
  readonly keep: (watched: Watched & { kind: "quiet" }, ms: number) => Promise<boolean>;
}

/** Left of the guards' time when the confirmation is written: it must come before they act. */
const MARGIN_MS = 20_000;

/**
 * Changes the settings of a living cluster, and sees to it that all members end with the same ones: guards first, then
 * the file, then the ring is watched, then the confirmation, by which the guards leave.
 * Throws E_TUNE_GUARD and its kin (nothing was changed) or E_TUNE_TAKEN_BACK.
 */
export async function tuneMembers(
  here: Host,
  hosts: ReadonlyMap<string, Host>,
  tuning: Tuning,
  { display, keep }: TuneCompany,
): Promise<Watched> {
  const all = [...hosts.values()];
  const { texts, settings, edits, id } = tuning;
  const before = countsOf(await Promise.all(all.map(readMember)));

  const arming = display.step("1 of 4", `guards on ${all.length} members`, "usually 3 s");
  const started = performance.now();
  const deadline = started + tuning.confirmWithinMs - MARGIN_MS;
  await armAll(here, all, tuning);
  arming.ok("they take the old settings back unless confirmed");

  try {
    const writing = display.step("2 of 4", "new corosync.conf on all members", "usually 3 s");
    const undo = `tailmox tune --undo; the old text is in ${guardFolder({ id })}`;
    await publishConf(here, texts.old, texts.new, { what: `settings of tune ${id}`, undo });
    writing.ok("written and reloaded");

    const watching = display.step("3 of 4", "watching the ring", "usually 25 s");
    const spec = { conf: texts.new, settings: settings.new, before, deadline, back: texts.back };
    const stuck = () => reloadAll(here);
    const watched = await watchRing(all, spec, { doing: watching.doing, stuck });
    if (watched.kind === "bad") throw new Worse(watched.why);
    watching.ok(
      `quiet for 20 s; ${watched.ringsFormed} membership changes, ${watched.linkDowns} link flaps since the change`,
    );
    if (!(await keep(watched, deadline - performance.now()))) throw new Worse("they were not confirmed");

    const confirming = display.step("4 of 4", "confirming", "usually 5 s");
    const last = faults(await Promise.all(all.map(readMember)), { conf: texts.new, settings: settings.new });
    if (last[0] !== undefined) throw new Worse(last[0]);
    if (performance.now() > deadline + MARGIN_MS / 2) throw new Worse("the time to confirm was over");
    await confirm(here, { id, by: here.name, old: edits.old, new: edits.new });
    const left = await guardsLeft(all, 40_000);
    confirming.ok(
      left.length === 0 ? "kept" : `kept; the guards of ${left.join(", ")} leave when they see it`,
    );
    return watched;
  } catch (error) {
    throw await takeBack(here, all, tuning, error, display);
  }
}

/** The new settings are not better, or nobody wants them: not a fault of tailmox. */
class Worse extends Error {}

/** All guards, or none: those that run already are taken away again where one does not start. */
async function armAll(here: Host, all: readonly Host[], tuning: Tuning): Promise<void> {
  const withinS = Math.round(tuning.confirmWithinMs / 1000);
  // This host is the first to act where several could.
  const ranked = [here, ...all.filter(({ name }) => name !== here.name)];
  const armed = await Promise.allSettled(
    ranked.map((host, rank) => armGuard(host, { id: tuning.id, rank, withinS }, tuning.texts)),
  );
  const failed = armed.find((one) => one.status === "rejected");
  if (failed === undefined) return;
  // One that cannot be taken away sees that nothing was changed, and leaves by itself.
  await Promise.allSettled(all.map(disarmGuard));
  throw failed.reason;
}

async function confirm(here: Host, record: Omit<TuneRecord, "schemaVersion" | "time">): Promise<void> {
  const time = new Date().toISOString();
  await here.change({ what: `confirm tune ${record.id}`, undo: "tailmox tune --undo" }, (writer) =>
    writeRecord(writer, { schemaVersion: 1, time, ...record }),
  );
}

/** The names of the members whose guard is still there after at most `ms`. */
async function guardsLeft(all: readonly Host[], ms: number): Promise<string[]> {
  let left: string[] = [];
  await poll(ms, 1_000, async () => {
    const guarded = await Promise.all(all.map(isGuarded));
    left = all.filter((_, place) => guarded[place]).map(({ name }) => name);
    return left.length === 0 ? true : undefined;
  });
  return left;
}

/**
 * Gives all members the old settings back: through /etc/pve where there is quorum, else the guards do it one by one.
 * Waits until all have them. Gives the error that tells of it.
 */
async function takeBack(
  here: Host,
  all: readonly Host[],
  { id, texts, settings, confirmWithinMs }: Tuning,
  cause: unknown,
  display: StepDisplay,
): Promise<UserError> {
  const shown = display.step("4 of 4", "taking the old settings back", "usually 5 s, without quorum 40 s");
  const why = cause instanceof Error ? cause.message : String(cause);
  const isUnchanged = (await here.text(MASTER_CONF).catch(() => undefined)) === texts.old;
  try {
    if (isUnchanged) await Promise.all(all.map(disarmGuard));
    else {
      const what = `the old settings, tune ${id} was not confirmed`;
      await publishConf(here, texts.new, texts.back, { what, undo: "tailmox tune" });
      // Timers that follow from the token lag one reload up to corosync 3.1.10.
      await Bun.sleep(3_000);
      await reloadAll(here);
    }
  } catch (error) {
    shown.doing(`waiting for the guards: ${error instanceof Error ? error.message : String(error)}`);
  }
  const wanted = { conf: isUnchanged ? texts.old : texts.back, settings: settings.old };
  let left = ["nobody answers"];
  await poll(confirmWithinMs + 150_000, 2_000, async () => {
    left = faults(await Promise.all(all.map(readMember)), wanted);
    // Timers that had followed from an older token may differ from what these settings make of it: no fault of ours.
    left = left.filter((fault) => !fault.includes("runtime."));
    if (left[0] !== undefined) shown.doing(left[0]);
    return left.length === 0 ? true : undefined;
  });
  const guards = left.length === 0 ? await guardsLeft(all, 40_000) : [];
  if (left.length === 0) shown.ok("all members have them, quorate");
  const still = [...left, ...guards.map((name) => `${name} has its guard still`)];
  return new UserError("E_TUNE_TAKEN_BACK", `the new settings were taken back: ${why}`, {
    likely:
      still.length === 0
        ? "all members have the old settings again, and the cluster is quorate"
        : `not all members are as before yet: ${still.slice(0, 4).join("; ")}`,
    mend: `tailmox status; what each guard did: journalctl -u tailmox-tune; the texts: ${guardFolder({ id })}`,
    cause,
  });
}
