import { structuredPatch } from "diff";
import { z } from "zod";
import { applyPolicy, type PolicyTalk } from "../../tailnet/admin/apply-policy.ts";
import { undoPolicy } from "../../tailnet/admin/undo-policy.ts";
import { changeFlags, isAgreed, journalled, notAgreed, openChange } from "../change-tools.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { apiFlags, featureFlags, featuresOf, openPlane } from "../tailnet-flags.ts";
import { wrap } from "../wrap.ts";

const undoFlags = apiFlags.extend(changeFlags.shape).extend({ backupDir: z.string() });

const applyFlags = undoFlags.extend(featureFlags.shape).extend({
  style: z.enum(["grants", "acls"]).optional(),
  tests: z.boolean().default(true),
});

/** `tailmox policy apply`. Gives the exit status. */
export async function runPolicyApply(raw: unknown): Promise<number> {
  const flags = parseFlags(applyFlags, raw);
  const { json, dryRun, style, tests, backupDir } = flags;
  const { host, journal } = openChange(flags);
  return journalled(journal, json, async () => {
    const say = sayer(json);
    const plane = await openPlane(flags, say, journal);
    const features = featuresOf(flags, plane.kind);
    const options = { features, style, tests, backupDir, dryRun };
    const result = await applyPolicy(plane, host, options, talk(say, flags));
    if (result.kind === "not agreed") throw notAgreed();
    if (json) console.log(envelope({ ok: true, result }));
    if (result.kind === "nothing to do") say("The policy has all that a cluster needs. Nothing was changed.");
    if (result.kind === "dry run") say("Dry run: the control server would take it. Nothing was changed.");
    if (result.kind === "written") {
      say(`The policy is written. The old one is in ${result.backup}.`);
      say("Next: tailmox policy check --remote     To take it back: tailmox policy undo");
    }
    return 0;
  });
}

/** `tailmox policy undo`. Gives the exit status. */
export async function runPolicyUndo(raw: unknown): Promise<number> {
  const flags = parseFlags(undoFlags, raw);
  const { json } = flags;
  const { host, journal } = openChange(flags);
  return journalled(journal, json, async () => {
    const say = sayer(json);
    const plane = await openPlane(flags, say, journal);
    const result = await undoPolicy(plane, host, flags, talk(say, flags));
    if (result.kind === "not agreed") throw notAgreed();
    if (json) console.log(envelope({ ok: true, result }));
    say(
      result.kind === "dry run"
        ? "Dry run: the control server would take it. Nothing was changed."
        : `The policy is again as it was before, from ${result.backup}.`,
    );
    return 0;
  });
}

function sayer(json: boolean): (words: string) => void {
  return (words) => (json ? console.error(words) : console.log(words));
}

function talk(say: (words: string) => void, flags: { yes: boolean; json: boolean }): PolicyTalk {
  return {
    diff(before, after, added) {
      for (const line of diffLines(before, after)) say(line);
      if (added.length > 0)
        say(["", "Adds:", ...added.flatMap((words) => wrap(words, "  ", "    "))].join("\n"));
      say("");
    },
    note: say,
    agreed: () => isAgreed("Write this policy?", flags),
  };
}

/** The difference in the form of diff -u, without its two head lines. */
export function diffLines(before: string, after: string): string[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: 2 });
  return hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
}
