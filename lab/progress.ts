/** Shows what runs now, how long it usually takes, and what came of it. */
export interface Progress {
  /** A line of its own, indented under the step that runs. */
  readonly note: (line: string) => void;
  /** Runs one step and prints its result and time; steps may run side by side. */
  readonly step: <T>(
    title: string,
    usually: string,
    work: (note: (line: string) => void) => Promise<T>,
  ) => Promise<T>;
}

/**
 * Progress as lines on `write`: on a terminal the step that runs shows its seconds, elsewhere each
 * step prints a line when it begins and one when it ends.
 */
export function progressOn(write: (text: string) => void, isTerminal: boolean): Progress {
  const running = new Map<string, number>();
  let ticker: ReturnType<typeof setInterval> | undefined;
  const clear = () => (isTerminal && running.size > 0 ? "\r\x1b[K" : "");
  const draw = () => {
    if (!isTerminal || running.size === 0) return;
    const parts = [...running].map(([title, since]) => `${title} ${seconds(since)}`);
    write(`\r\x1b[K  ..  ${parts.join(", ")}`.slice(0, 79));
  };
  const print = (line: string) => {
    write(`${clear()}${line}\n`);
    draw();
  };
  const note = (line: string) => print(`      ${line}`);
  return {
    note,
    async step(title, usually, work) {
      const since = performance.now();
      running.set(title, since);
      if (isTerminal) ticker ??= setInterval(draw, 250);
      else print(`  ..  ${title} (${usually})`);
      let verdict = "!!";
      try {
        const result = await work((line) => note(line));
        verdict = "ok";
        return result;
      } finally {
        write(clear());
        running.delete(title);
        if (running.size === 0) {
          clearInterval(ticker);
          ticker = undefined;
        }
        print(`  ${verdict}  ${title.padEnd(62)} ${seconds(since)}`);
      }
    },
  };
}

/** Progress on this program's standard error, so that standard output stays the asked-for result. */
export function progressOnStderr(): Progress {
  return progressOn((text) => process.stderr.write(text), process.stderr.isTTY === true);
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1).padStart(5)} s`;
}
