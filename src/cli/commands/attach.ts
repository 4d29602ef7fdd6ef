import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { redact } from "../../host/redact.ts";
import { APPLY_LOG, type ApplyRecord, isRunning, readApply } from "../apply-record.ts";
import { assertRoot } from "../assert-root.ts";
import { envelope } from "../envelope.ts";
import { parseFlags } from "../flags.ts";

/**
 * `tailmox attach`: shows what changes this host, from its first line to its last, or how the last run ended. Gives
 * the exit status of that run; 0 when there was none.
 */
export async function runAttach(raw: unknown): Promise<number> {
  const { json } = parseFlags(z.object({ json: z.boolean().default(false) }), raw);
  assertRoot();
  const record = readApply();
  const say = (words: string) => json || process.stdout.write(`${words}\n`);
  if (!record) {
    say("Nothing was changed by tailmox since this host booted.  Next: tailmox status");
    if (json) process.stdout.write(`${envelope({ ok: true, result: null })}\n`);
    return 0;
  }
  const wasRunning = isRunning(record);
  if (wasRunning)
    say(`${record.command} runs since ${time(record.startedAt)}. Ctrl-C here leaves it alone.\n`);
  else say(`${record.command} began at ${time(record.startedAt)}, and said:\n`);
  await follow(record, wasRunning, json);
  const { end } = readApply() ?? record;
  if (!end) throw killed(record);
  if (json)
    process.stdout.write(`${envelope({ ok: true, result: { ...record, end, said: await said() } })}\n`);
  say(`\n${record.command} ended at ${time(end.at)} with exit ${end.status}.`);
  return end.status;
}

/** By tail(1), which is woken by what is written, and ends with the process that it is told. */
async function follow({ pid }: ApplyRecord, isLive: boolean, json: boolean): Promise<void> {
  const live = isLive ? ["--follow", `--pid=${pid}`] : [];
  const shown = Bun.spawn(["tail", "--bytes=+1", ...live, APPLY_LOG], {
    stdout: json ? "ignore" : "inherit",
  });
  process.on("SIGINT", () => process.exit(130));
  await shown.exited;
}

async function said(): Promise<string[]> {
  return redact(await readFile(APPLY_LOG, "utf8").catch(() => "")).split("\n");
}

/** ISO 8601 as it is read on this host. */
function time(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}

function killed({ command, pid }: ApplyRecord): UserError {
  return new UserError("E_APPLY_KILLED", `${command} (process ${pid}) ended without a last word`, {
    likely: "it was killed: by hand, for want of memory, or by the guard of a join",
    mend: "tailmox up tells what the guard did, looks what stands, and goes on from there",
  });
}
