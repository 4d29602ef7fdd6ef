import type { Argv, Writer } from "../../../../src/host/host.ts";
import type { RunOptions, RunResult } from "../../../../src/host/run.ts";

/** A host of answers in memory, for what a real one would take a lab: it notes everything that changes it. */
export interface FakeHost {
  readonly transport: Writer;
  /** Every write, removal and command that is not in `answers`, in words. */
  readonly changes: string[];
}

export type Answers = Record<string, string | Failure>;

export interface Failure {
  readonly exitCode: number | null;
  readonly stderr: string;
}

/**
 * `answers` by the first words of the command; a command that is not there is noted as a change, ends with 0,
 * and goes to `react`, which plays what it does to the host, and may let it fail.
 */
export function fakeHost(
  files: Readonly<Record<string, string>>,
  first: Readonly<Answers>,
  react: (line: string, files: Map<string, string>, answers: Answers) => Failure | undefined = () =>
    undefined,
): FakeHost {
  const held = new Map(Object.entries(files));
  const answers = { ...first, ...missingIn(first) };
  const changes: string[] = [];
  const run = async (argv: Argv, options?: RunOptions): Promise<RunResult> => {
    const line = argv.join(" ");
    const answer = Object.entries(answers).find(([words]) => line.startsWith(words))?.[1];
    const base = { argv, timedOut: false, durationMs: 1, stdout: "", stderr: "", exitCode: 0 };
    if (answer === undefined) {
      changes.push(`run ${line}`);
      moveFiles(argv, options?.input ?? "", held);
      return { ...base, ...react(line, held, answers) };
    }
    return typeof answer === "object" ? { ...base, ...answer } : { ...base, stdout: answer ?? "" };
  };
  const transport: Writer = {
    name: "pve1",
    run,
    text: async (path) => held.get(path),
    list: async (path) => {
      const under = [...held.keys()].filter((name) => name.startsWith(`${path}/`));
      return [...new Set(under.map((name) => name.slice(path.length + 1).split("/")[0] ?? ""))].sort();
    },
    write: async (path, content) => {
      changes.push(`write ${path}`);
      held.set(path, content.toString());
    },
    remove: async (path) => {
      changes.push(`remove ${path}`);
      held.delete(path);
    },
  };
  return { transport, changes };
}

/** What every run looks at, with an answer that says nothing; what the test itself answers comes first. */
function missingIn(first: Readonly<Answers>): Answers {
  const looks = ["getent ahosts", "ip -json", "timedatectl show", "df --output=avail", "who"];
  return Object.fromEntries(looks.flatMap((words) => (words in first ? [] : [[words, ""]])));
}

/** What dd and mv do to files, and pmxcfs to what corosync reads. */
function moveFiles(argv: Argv, input: string, held: Map<string, string>): void {
  const [program, first = ""] = argv;
  if (program === "dd") held.set(first.replace("of=", ""), input);
  if (program !== "mv") return;
  const [from = "", to = ""] = argv.slice(-2);
  const text = held.get(from) ?? "";
  held.delete(from);
  held.set(to, text);
  if (to === "/etc/pve/corosync.conf") held.set("/etc/corosync/corosync.conf", text);
}
