import { UserError } from "../errors.ts";
import { uninterrupted } from "../host/interrupt.ts";
import { tuneMembers } from "../tune/tune.ts";
import { changeHere, type Workplace } from "./change-here.ts";
import type { TuneFlags } from "./commands/tune.ts";
import { clusterRoster, planTune, type TunePlan } from "./tune-living.ts";
import { tuneLines, tuneResult } from "./tune-outlook.ts";

/** `tailmox tune` on a member: looks, shows, asks, changes, watches, confirms. Gives the exit status. */
export async function runLivingTune(flags: TuneFlags): Promise<number> {
  const roster = await clusterRoster();
  return changeHere("tailmox tune", flags, async (place) => {
    const plan = await planTune(flags, roster, place);
    const { outlook, tuning } = plan;
    for (const line of ["", ...tuneLines(outlook, "current")]) place.screen.say(line);
    const outcome = await applyTune(plan, flags, place);
    const result = { outcome, id: tuning.id, ...tuneResult(outlook) };
    return { outcome, result, lines: [CLOSING[outcome]] };
  });
}

/** What of the flags matters once the plan is made. */
export type ApplyFlags = Pick<TuneFlags, "undo" | "dryRun" | "acceptRisk" | "yes" | "confirmWithin">;

type Outcome = "nothing to do" | "dry run" | "tuned" | "undone";

const CLOSING: Record<Outcome, string> = {
  "nothing to do": "Nothing to do.  Next: tailmox forecast",
  "dry run": "Dry run: nothing was changed.",
  tuned: "All members have the new settings.  Next: tailmox forecast     Back: tailmox tune --undo",
  undone: "All members have the settings from before the last tuning.  Next: tailmox forecast",
};

/** Shows the plan, asks, changes and watches. Throws E_NOT_AGREED, E_TUNE_WORSE and what tuneMembers throws. */
export async function applyTune(
  plan: TunePlan,
  flags: ApplyFlags,
  { screen, ask }: Pick<Workplace, "screen" | "ask">,
): Promise<Outcome> {
  const { here, hosts, tuning, outlook } = plan;
  if (isSame(plan)) return "nothing to do";
  const isWorse = outlook.after.verdict.colour === "red" && outlook.before.verdict.colour !== "red";
  screen.plan(`Plan for ${hosts.size} members`, planSteps(flags), []);
  if (flags.dryRun) return "dry run";
  if (isWorse && !flags.acceptRisk.includes("worse")) throw worse();
  if (!flags.yes && !(await ask?.goOn("Go on?"))) throw notAgreed(ask !== undefined);
  const keep = async (_: unknown, ms: number) => {
    if (flags.yes || !ask) return true;
    const question = `Keep these settings? Without an answer they go back in ${Math.round(ms / 1000)} s`;
    return Promise.race([ask.goOn(question), Bun.sleep(ms).then(() => false)]);
  };
  const confirmWithinMs = flags.confirmWithin;
  // As one change: stopped in its middle it takes the settings back, and only then ends.
  await uninterrupted(() =>
    tuneMembers(here, hosts, { ...tuning, confirmWithinMs }, { display: screen, keep }),
  );
  return flags.undo ? "undone" : "tuned";
}

/** Every asked key has its value already. */
function isSame({ tuning: { edits } }: TunePlan): boolean {
  return Bun.deepEquals(edits.old, edits.new);
}

function planSteps({ confirmWithin, undo }: ApplyFlags): { title: string; why?: string }[] {
  return [
    {
      title: `a guard on every member, which takes ${undo ? "the present" : "the old"} settings back after ${confirmWithin / 1000} s, or after 20 s without quorum`,
      why: "without quorum /etc/pve cannot be written: each member must be able to help itself",
    },
    {
      title: "/etc/pve/corosync.conf with these keys changed and config_version + 1; all members reload it",
      why: "a reload changes no member: writes stall for about a second",
    },
    { title: "watch members and links for 20 s" },
    { title: "confirm, upon which the guards leave; or take the settings back on all members" },
  ];
}

function worse(): UserError {
  return new UserError(
    "E_TUNE_WORSE",
    "by the forecast this cluster would be red with these settings, and is not now",
    {
      likely: "they are meant for other distances",
      mend: "leave --to out; or, to try it all the same, --accept-risk worse",
    },
  );
}

function notAgreed(isTerminal: boolean): UserError {
  return new UserError("E_NOT_AGREED", "nobody agreed to the plan; nothing of it was done", {
    likely: isTerminal ? "the answer was no" : "there is no terminal to ask on",
    mend: "read the plan above; then: tailmox tune --yes",
  });
}
