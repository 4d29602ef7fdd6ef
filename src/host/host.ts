import type { Gate } from "./gate.ts";
import type { Journal } from "./journal.ts";
import { assertReading } from "./reading.ts";
import type { RunOptions, RunResult } from "./run.ts";

export type Argv = readonly [string, ...string[]];

/** Looks at a host, and can change nothing: `run` takes only the commands that src/host/reading.ts lists. */
export interface Reader {
  /** What people call it: its node name. */
  readonly name: string;
  run(argv: Argv, options?: RunOptions): Promise<RunResult>;
  /** The text of a file, undefined when there is none. */
  text(path: string): Promise<string | undefined>;
  /** The names in a folder, sorted; none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
}

/** Changes a host. To be had only inside `Host.change`. */
export interface Writer extends Reader {
  /** Replaces a file in one go (temporary file and rename), with these permissions. Makes its folder. */
  write(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** Does nothing when there is no such file. */
  remove(path: string): Promise<void>;
}

/** One change in words: for the journal, and for whoever has to take it back by hand. */
export interface Change {
  readonly what: string;
  readonly undo: string;
}

/** A host as the rest of tailmox sees it. Everything that changes it goes through `change`. */
export interface Host extends Reader {
  change<T>(change: Change, apply: (writer: Writer) => Promise<T>): Promise<T>;
  /** Another host behind the same gate, in the same journal. */
  other(transport: Writer): Host;
}

/** A host over a transport (this machine, or ssh): reading is free, changing passes the gate, all is journalled. */
export function openHost(transport: Writer, gate: Gate, journal: Journal): Host {
  let last = "";
  const run = async (argv: Argv, options?: RunOptions) => {
    const result = await transport.run(argv, options);
    // What is asked again and again while waiting is written once.
    const same = `${argv.join(" ")} ${result.exitCode}`;
    if (same !== last) journal.write({ event: "run", host: transport.name, ...summary(result) });
    last = same;
    return result;
  };
  const reader: Reader = {
    name: transport.name,
    run: async (argv, options) => {
      assertReading(argv);
      return run(argv, options);
    },
    text: (path) => transport.text(path),
    list: (path) => transport.list(path),
  };
  const writer: Writer = {
    ...reader,
    // A change that has begun is not torn by a Ctrl-C: tailmox stops after it (src/host/interrupt.ts).
    run: (argv, options) => run(argv, { ...options, ownSession: true }),
    write: (path, content, mode) => {
      journal.write({ event: "write", host: transport.name, path, mode: mode.toString(8) });
      return transport.write(path, content, mode);
    },
    remove: (path) => {
      journal.write({ event: "remove", host: transport.name, path });
      return transport.remove(path);
    },
  };
  return {
    ...reader,
    change: (change, apply) => gate.pass(transport.name, change, () => apply(writer)),
    other: (another) => openHost(another, gate, journal),
  };
}

/** What a command said is kept only when it failed: answers can be long, and most are of no interest. */
function summary({ argv, exitCode, stdout, stderr, timedOut, durationMs }: RunResult) {
  const failed = exitCode !== 0;
  return {
    argv,
    exit: exitCode,
    ms: Math.round(durationMs),
    ...(timedOut && { timedOut }),
    ...(failed && { stdout: stdout.slice(-2_000), stderr: stderr.slice(-2_000) }),
  };
}
