import { redact } from "../host/redact.ts";
import type { Talk } from "../up/talk.ts";
import { type LiveLine, type Output, startLiveLine } from "./live-line.ts";
import { qrLines } from "./qr-lines.ts";
import { wrap } from "./wrap.ts";

export interface Screen extends Talk {
  /** A line on its own. */
  say(line: string): void;
  /** What was under way has failed: its line ends with "!!". */
  fail(): void;
}

/**
 * Shows a report on a stream: on a terminal the current line lives, elsewhere only finished lines come. Where all of
 * it is kept as well, what goes on meanwhile has lines of its own.
 */
export function makeScreen(stream: Output, kept?: Output): Screen {
  let pending: Pending | undefined;
  const print = (lines: readonly string[]) => {
    const text = redact(lines.map((line) => `${line}\n`).join(""));
    pending?.live?.hide();
    stream.write(text);
    kept?.write(text);
  };
  const begin = (head: string, first: string, form: Form) => {
    const since = performance.now();
    pending?.live?.stop();
    const keep = (words: string) => {
      const lines = wrap(words, `${head}..   `, " ".repeat(head.length + 5));
      kept?.write(redact(`${lines.join("\n")}\n`));
    };
    keep(first);
    const current: Pending = {
      words: first,
      live: stream.isTTY ? startLiveLine(stream, head, first) : undefined,
      end(mark, words) {
        current.live?.stop();
        if (pending === current) pending = undefined;
        print(form(head, mark, words, (performance.now() - since) / 1000));
      },
    };
    pending = current;
    return {
      doing(words: string) {
        if (words !== current.words) keep(words);
        current.words = words;
        current.live?.show(words);
      },
      ok: (words: string) => current.end("ok", words),
      absent: (words: string) => current.end("--", words),
      warn: (words: string) => current.end("!!", words),
      pause: () => current.live?.stop(),
    };
  };
  return {
    phase: (name, doing) => begin(`  ${name.padEnd(NAME_WIDTH)}`, doing, phaseLines),
    step(count, name, usually) {
      const shown = begin(`  ${count}  `, `${name} (${usually})`, stepLines);
      return {
        doing: (words) => shown.doing(`${name}: ${words} (${usually})`),
        ok: (result) => shown.ok(`${name}: ${result}`),
      };
    },
    note: (...lines) => print(lines.flatMap((line) => wrap(line, NOTE, `${NOTE}${hang(line)}`))),
    visit(words, url) {
      print([...wrap(`${words}:`, NOTE, NOTE), "", `${NOTE}${url}`, "", ...qrLines(url, stream)]);
    },
    plan(title, steps, losses) {
      print(["", title, ...steps.flatMap(planLines), ...losses.flatMap((loss) => wrap(loss, "", "")), ""]);
    },
    say: (line) => print([line]),
    fail: () => pending?.end("!!", pending.words),
  };
}

/** Shows nothing but what cannot wait, and that not on stdout: for --json. */
export const silentScreen: Screen = {
  visit: (words, url) => makeScreen(process.stderr).visit(words, url),
  phase: () => NO_PHASE,
  step: () => NO_PHASE,
  note: () => undefined,
  plan: () => undefined,
  say: () => undefined,
  fail: () => undefined,
};

const NO_PHASE = {
  doing: () => undefined,
  ok: () => undefined,
  absent: () => undefined,
  warn: () => undefined,
  pause: () => undefined,
};

interface Pending {
  words: string;
  readonly live: LiveLine | undefined;
  end(mark: string, words: string): void;
}

type Form = (head: string, mark: string, words: string, seconds: number) => string[];

const NAME_WIDTH = 12;
const NOTE = "      ";
const WIDTH = 80;

/** Name, verdict, evidence; the time at the right where it took long enough to be of interest. */
function phaseLines(head: string, mark: string, words: string, seconds: number): string[] {
  const lines = wrap(words, `${head}${mark}   `, " ".repeat(head.length + 5));
  const last = lines.pop() ?? "";
  const time = timeWords(seconds);
  if (last.length + 1 + time.length > WIDTH) return [...lines, last, time.padStart(WIDTH)];
  return [...lines, time === "" ? last : last.padEnd(WIDTH - time.length) + time];
}

/** A step's verdict stands at the right, under those of the others. */
function stepLines(head: string, mark: string, words: string, seconds: number): string[] {
  const lines = wrap(words, head, " ".repeat(head.length), WIDTH - 12);
  const last = lines.pop() ?? "";
  return [...lines, `${last.padEnd(WIDTH - 11)}${timeWords(seconds).padStart(7)}  ${mark}`];
}

function timeWords(seconds: number): string {
  return seconds < 1 ? "" : `${seconds.toFixed(1)} s`;
}

/** A line goes on below its words: not below its mark, nor left of its own margin. */
function hang(line: string): string {
  return " ".repeat(/^(?:!! |-- | *)/.exec(line)?.[0].length ?? 0);
}

function planLines({ title, why }: { title: string; why?: string }, index: number): string[] {
  const head = wrap(title, `  ${index + 1}. `, "     ");
  return why === undefined ? head : [...head, ...wrap(why, "       ", "       ")];
}
