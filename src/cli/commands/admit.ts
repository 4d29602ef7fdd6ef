import { z } from "zod";
import { type AdmitResult, admit } from "../../admit/admit.ts";
import { UserError } from "../../errors.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { durationFlag } from "../duration.ts";
import { parseFlags } from "../flags.ts";
import { tagFlag } from "../tailnet-flags.ts";
import { VERSION } from "../version.ts";

/** `tailmox admit`: lets a tagged host in that asks, without a password. Gives the exit status. */
export async function runAdmit(raw: unknown): Promise<number> {
  const flags = parseFlags(flagsSchema, raw);
  if (flags.yes && flags.peer === undefined) throw unnamed();
  assertRoot();
  return changeHere("tailmox admit", flags, async ({ host, screen, journal, ask }) => {
    const options = {
      tag: flags.tag,
      peer: flags.peer,
      waitMs: flags.wait,
      yes: flags.yes,
      dryRun: flags.dryRun,
      version: VERSION,
    };
    const result = await admit(host, options, { talk: screen, ask, journal });
    return { outcome: result.outcome, result, lines: closing(result) };
  });
}

const flagsSchema = z.object({
  peer: z.string().min(1).optional(),
  tag: tagFlag.default("tag:tailmox"),
  wait: durationFlag(10_000, 86_400_000).prefault("10m"),
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
  verbose: z.boolean().default(false),
  logFile: z.string(),
});

function closing({ outcome, admitted, cluster }: AdmitResult): string[] {
  if (outcome === "dry run") return ["", "Dry run: nothing was changed."];
  return ["", `${admitted.node} is a member of "${cluster.name}".`, "Next: tailmox status"];
}

function unnamed(): UserError {
  return new UserError("E_USAGE", "--yes lets in whoever asks first", {
    likely: "any host with the tag may ask",
    mend: "name the one that is meant: tailmox admit --peer NAME --yes",
  });
}
