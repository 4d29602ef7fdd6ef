import { z } from "zod";
import { RISKS } from "../../up/risks.ts";
import { type UndoResult, undo } from "../../up/undo.ts";
import { assertRoot } from "../assert-root.ts";
import { changeHere } from "../change-here.ts";
import { changeFlags } from "../change-tools.ts";
import { parseFlags } from "../flags.ts";

/** `tailmox undo`: takes back what `up` changed on this host. Gives the exit status. */
export async function runUndo(raw: unknown): Promise<number> {
  const flags = parseFlags(undoFlags, raw);
  assertRoot();
  return changeHere("tailmox undo", flags, async ({ host, screen, journal, ask }) => {
    const options = { ...flags, acceptRisks: flags.acceptRisk };
    const result = await undo(host, options, { talk: screen, ask, journal });
    return { outcome: result.outcome, result, lines: closing(result, flags.tailscale) };
  });
}

const undoFlags = changeFlags.extend({
  tailscale: z.boolean().default(false),
  acceptRisk: z.array(z.enum(RISKS, `one of: ${RISKS.join(", ")}`)).default([]),
  json: z.boolean().default(false),
  verbose: z.boolean().default(false),
});

function closing({ node, outcome }: UndoResult, tailscale: boolean): string[] {
  if (outcome === "dry run") return ["", "Dry run: nothing was changed."];
  const words =
    outcome === "undone" ? `${node} is as before tailmox` : `Nothing to do: ${node} is as before tailmox`;
  const kept = tailscale ? "" : ", but for Tailscale if it came by it: tailmox undo --tailscale";
  return ["", `${words}${kept}.`, "What was saved stays: /var/lib/tailmox/backups"];
}
