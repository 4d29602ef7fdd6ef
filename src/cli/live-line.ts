import { redact } from "../host/redact.ts";

/** Where lines are written: a terminal or not. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The last line of a terminal while something lasts. */
export interface LiveLine {
  show(words: string): void;
  /** Makes room for a finished line; it comes back by itself. */
  hide(): void;
  /** Takes it away. */
  stop(): void;
}

const ERASE = "\r\x1b[2K";

/** A line that is written over twice a second: what goes on, and for how long already. */
export function startLiveLine(stream: Output, head: string, first: string): LiveLine {
  const since = performance.now();
  let words = first;
  const draw = () => {
    const seconds = Math.floor((performance.now() - since) / 1000);
    const time = seconds < 1 ? "" : `  ${seconds} s`;
    // The whole line has to fit, or the terminal would break it and keep the first half for good.
    const room = (stream.columns || 80) - 1 - time.length;
    stream.write(`${ERASE}${redact(`${head}..   ${words}`).slice(0, room)}${time}`);
  };
  draw();
  const timer = setInterval(draw, 500);
  return {
    show(next) {
      words = next;
      draw();
    },
    hide: () => stream.write(ERASE),
    stop() {
      clearInterval(timer);
      stream.write(ERASE);
    },
  };
}
