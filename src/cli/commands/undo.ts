import { z } from "zod";
import { closedGate, openGate } from "../../host/gate.ts";
import { openHost } from "../../host/host.ts";
import { stopBetweenChanges } from "../../host/interrupt.ts";
import { noJournal, openJournal } from "../../host/journal.ts";
import { localTransport } from "../../host/local.ts";
import { lockRun } from "../../host/run-lock.ts";
import { RISKS } from "../../up/risks.ts";
import { type UndoResult, undo } from "../../up/undo.ts";
import { askOnTerminal } from "../ask.ts";
import { assertRoot } from "../assert-root.ts";
import { changeFlags, journalled } from "../change-tools.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";
import { makeScreen, silentScreen } from "../screen.ts";
import { telling } from "../telling.ts";
import { VERSION } from "../version.ts";

/** `tailmox undo`: takes back what `up` changed on this host. Gives the exit status. */
export async function runUndo(raw: unknown): Promise<number> {
  const flags = parseFlags(undoFlags, raw);
  assertRoot();
  const screen =
    flags.json && !flags.verbose ? silentScreen : makeScreen(flags.json ? process.stderr : process.stdout);
  const kept = flags.dryRun ? noJournal : openJournal(flags.logFile);
  const journal = flags.verbose ? telling(kept, screen) : kept;
  const gate = flags.dryRun ? closedGate : openGate(journal);
  const host = openHost(localTransport("this host"), gate, journal);
  stopBetweenChanges((line) => screen.note(line));
  return journalled(journal, flags.json, async () => {
    if (!flags.dryRun) lockRun();
    screen.say(`tailmox ${VERSION}\n`);
    const ask = flags.json ? undefined : askOnTerminal();
    const options = { ...flags, acceptRisks: flags.acceptRisk };
    const result = await undo(host, options, { talk: screen, ask, journal }).catch((error: unknown) => {
      screen.fail();
      throw error;
    });
    if (flags.json) process.stdout.write(`${envelope({ ok: true, result })}\n`);
    else for (const line of closing(result, flags.tailscale)) screen.say(line);
    return 0;
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
