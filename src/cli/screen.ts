import { redact } from "../host/redact.ts";
import type { Talk } from "../up/talk.ts";
import { wrap } from "./wrap.ts";

export interface Screen extends Talk {
  /** A line on its own. */
  say(line: string): void;
  /** Takes the unfinished line away, before an error is shown. */
  clear(): void;
}

/** Shows a report on a stream: on a terminal the current line lives, elsewhere only finished lines come. */
export function makeScreen(stream: NodeJS.WriteStream): Screen {
  let live: Live | undefined;
  const print = (lines: readonly string[]) => {
    stream.write(redact(lines.map((line) => `${line}\n`).join("")));
  };
  const verdict = (name: string, mark: string, words: string, since: number) => {
    live?.stop();
    live = undefined;
    const seconds = (performance.now() - since) / 1000;
    print(timed(wrap(words, `  ${name.padEnd(NAME_WIDTH)}${mark}   `, INDENT), seconds));
  };
  return {
    phase(name, doing) {
      const since = performance.now();
      live?.stop();
      live = stream.isTTY ? startLive(stream, name, doing, since) : undefined;
      const current = live;
      return {
        doing: (words) => current?.doing(words),
        ok: (words) => verdict(name, "ok", words, since),
        warn: (words) => verdict(name, "!!", words, since),
      };
    },
    note: (...lines) => print(lines.flatMap((line) => wrap(line, "      ", `      ${hang(line)}`))),
    plan(title, steps, losses) {
      print(["", title, ...steps.flatMap(planLines), ...losses, ""]);
    },
    say: (line) => print([line]),
    clear() {
      live?.stop();
      live = undefined;
    },
  };
}

/** Shows nothing: for --json. */
export const silentScreen: Screen = {
  phase: () => ({ doing: () => undefined, ok: () => undefined, warn: () => undefined }),
  note: () => undefined,
  plan: () => undefined,
  say: () => undefined,
  clear: () => undefined,
};

const NAME_WIDTH = 12;
const INDENT = " ".repeat(2 + NAME_WIDTH + 5);

/** The time stands at the right, where it took long enough to be of interest. */
function timed(lines: readonly string[], seconds: number): string[] {
  const last = lines.at(-1);
  if (last === undefined || seconds < 1) return [...lines];
  const time = `${seconds.toFixed(1)} s`;
  const fits = last.length + 2 + time.length <= 80;
  return fits
    ? [...lines.slice(0, -1), `${last.padEnd(80 - time.length)}${time}`]
    : [...lines, time.padStart(80)];
}

/** A line that begins with "!!" goes on below its words, not below the mark. */
function hang(line: string): string {
  return line.startsWith("!! ") ? "   " : "";
}

function planLines({ title, why }: { title: string; why?: string }, index: number): string[] {
  const head = wrap(title, `  ${index + 1}. `, "     ");
  return why === undefined ? head : [...head, ...wrap(why, "       ", "       ")];
}

interface Live {
  doing(words: string): void;
  stop(): void;
}

/** A line that is written over while it lasts: what goes on, and for how long already. */
function startLive(stream: NodeJS.WriteStream, name: string, first: string, since: number): Live {
  let words = first;
  const draw = () => {
    const seconds = Math.floor((performance.now() - since) / 1000);
    const time = seconds < 1 ? "" : ` ${seconds} s`;
    const room = (stream.columns ?? 80) - 1 - time.length;
    const line = `  ${name.padEnd(NAME_WIDTH)}..   ${words}`.slice(0, room);
    stream.write(`\r\x1b[2K${redact(line)}${time}`);
  };
  draw();
  const timer = setInterval(draw, 500);
  return {
    doing(next) {
      words = next;
      draw();
    },
    stop() {
      clearInterval(timer);
      stream.write("\r\x1b[2K");
    },
  };
}
