import { UserError } from "../errors.ts";
import { APPLY_UNIT, leaveSession } from "../host/apply-unit.ts";
import { closedGate, type Gate, openGate } from "../host/gate.ts";
import { type Host, openHost } from "../host/host.ts";
import { interrupted, outliveTerminal, type StopPlace, stopBetweenChanges } from "../host/interrupt.ts";
import { type Journal, noJournal, openJournal } from "../host/journal.ts";
import { localTransport } from "../host/local.ts";
import { lockRun } from "../host/run-lock.ts";
import type { Ask } from "../up/talk.ts";
import { type KeptApply, keepApply } from "./apply-record.ts";
import { askOnTerminal } from "./ask.ts";
import { envelope } from "./envelope.ts";
import { errorLines, reportError } from "./report-error.ts";
import { makeScreen, type Screen, silentScreen } from "./screen.ts";
import { telling } from "./telling.ts";
import { type Terminal, watchTerminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

export interface HereFlags {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly logFile: string;
}

/** What a command that changes this host works with. */
export interface Workplace {
  /** Behind the gate, which is closed for a dry run. */
  readonly host: Host;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly screen: Screen;
  /** undefined where nobody can be asked. */
  readonly ask: Ask | undefined;
}

/** What came of it. */
export interface Done {
  readonly outcome: string;
  /** For --json. */
  readonly result: unknown;
  /** The closing lines, for people. */
  readonly lines: readonly string[];
}

/**
 * The frame of every command that changes this host: one run at a time, a journal, Ctrl-C between two steps only. With
 * the first change it leaves its terminal behind: from there on it ends well though that is closed, and `tailmox
 * attach` shows it. Gives the exit status. Reason: docs/decisions/apply-unit.md.
 */
export async function changeHere(
  command: string,
  flags: HereFlags,
  work: (place: Workplace) => Promise<Done>,
): Promise<number> {
  const terminal = watchTerminal();
  const kept = keepApply(command);
  const done: string[] = [];
  const screen = noting(openScreen(flags, terminal, kept), done);
  const log = flags.dryRun ? noJournal : openJournal(flags.logFile);
  const journal = flags.verbose ? telling(log, screen) : log;
  const begin = () => beginApply(kept, screen, journal);
  const gate = flags.dryRun ? closedGate : withBeginning(openGate(journal), begin);
  const host = openHost(localTransport("this host"), gate, journal);
  const fail = (error: unknown): number => {
    screen.fail();
    const code = error instanceof UserError ? error.code : "E_INTERNAL";
    if (code === "E_NOT_AGREED" && terminal.isGone) screen.note("The terminal is gone: that counts as No.");
    if (code === "E_INTERRUPTED" && done.length > 0) screen.note(`Done: ${done.join(", ")}.`);
    journal.write({ event: "end", code, error: String(error) });
    const circumstances = { changes: gate.passed, logPath: journal.path };
    kept.output.write(`${errorLines(error, circumstances).join("\n")}\n`);
    const status = reportError(error, flags.json, circumstances);
    kept.end(status, code);
    return status;
  };
  const leave = (place: StopPlace) =>
    process.exit(fail(gate.passed === 0 ? stoppedEarly() : interrupted(place)));
  stopBetweenChanges((line) => screen.note(line), leave);
  try {
    screen.say(`tailmox ${VERSION}\n`);
    if (!flags.dryRun) lockRun();
    const ask = flags.json
      ? undefined
      : terminal.asking(askOnTerminal(), (question) => kept.output.write(`  ?   ${question}\n`));
    const { outcome, result, lines } = await work({ host, gate, journal, screen, ask });
    journal.write({ event: "end", outcome });
    for (const line of lines) screen.say(line);
    if (flags.json) process.stdout.write(`${envelope({ ok: true, result })}\n`);
    kept.end(0);
    return 0;
  } catch (error) {
    return fail(error);
  }
}

/** On stdout, or for --json not at all; and into the record of the run. */
function openScreen({ json, verbose }: HereFlags, terminal: Terminal, { output }: KeptApply): Screen {
  if (!json) return makeScreen(terminal.output(process.stdout), output);
  if (verbose) return makeScreen(terminal.output(process.stderr), output);
  return { ...makeScreen({ write: () => true }, output), visit: silentScreen.visit };
}

/** The screen, with the names of the steps that were done. */
function noting(screen: Screen, done: string[]): Screen {
  return {
    ...screen,
    step(count, name, usually) {
      const shown = screen.step(count, name, usually);
      return {
        ...shown,
        ok(result) {
          done.push(name);
          shown.ok(result);
        },
      };
    },
  };
}

/** The gate, with something that has to be there before the first change. */
function withBeginning(gate: Gate, begin: () => Promise<void>): Gate {
  let begun: Promise<void> | undefined;
  return {
    get passed() {
      return gate.passed;
    },
    async pass(host, change, apply) {
      begun ??= begin();
      await begun;
      return gate.pass(host, change, apply);
    },
  };
}

async function beginApply(kept: KeptApply, screen: Screen, journal: Journal): Promise<void> {
  outliveTerminal();
  const trouble = await leaveSession();
  kept.begin();
  journal.write({ event: "apply", unit: APPLY_UNIT, ...(trouble !== undefined && { trouble }) });
  if (trouble === undefined) return;
  screen.note(
    `!! tailmox could not leave this session (${trouble}). Keep it open until the end: closing this terminal does no ` +
      "harm, but a web shell or a session manager may end all that was started in it.",
  );
}

function stoppedEarly(): UserError {
  return new UserError("E_INTERRUPTED", "stopped before anything was changed, as you asked", {
    likely: "Ctrl-C, a signal, or a closed terminal",
    mend: "run the same command again when it is wanted",
  });
}
