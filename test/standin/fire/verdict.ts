import { must } from "../../../lab/machines/must.ts";
import type { HostPlan, LabPlan } from "../../../lab/plan.ts";
import type { Fault } from "./faults.ts";
import { FIRE, type Said } from "./programs.ts";

type Write = Extract<Said, { kind: "write" }>;

/** What became of the writes. The proof holds when `lost` is empty and `differing` too. */
export interface Verdict {
  readonly attempts: number;
  /** Writes that returned to their writer. */
  readonly returned: number;
  /** Of those, seen on a second host that stayed with the majority. */
  readonly seen: number;
  /** Of those, not there at the end: `HOST NUMBER`. */
  readonly lost: readonly string[];
  /** Returned and not there at the end, but never seen by the majority: what a cluster may lose. */
  readonly lostUnseen: number;
  /** Hosts whose content is not that of the first. */
  readonly differing: readonly string[];
  /** Writes that did not return 0, by the words of the error. */
  readonly refused: Readonly<Record<string, number>>;
  readonly longestWriteSeconds: { readonly any: number; readonly inMajority: number };
  readonly files: number;
}

/** Compares what was said during the fire with what the hosts hold now. */
export async function judge(
  plan: LabPlan,
  said: readonly Said[],
  faults: readonly Fault[],
): Promise<Verdict> {
  const contents = plan.hosts.map(async (host) => [host.name, await contentOf(plan, host)] as const);
  return weigh(Object.fromEntries(await Promise.all(contents)), said, faults);
}

/** The judgement itself: `contents` has each host's files as `grep -rH` prints them, sorted. */
export function weigh(
  contents: Readonly<Record<string, string>>,
  said: readonly Said[],
  faults: readonly Fault[],
): Verdict {
  const [first = ""] = Object.values(contents);
  const differing = Object.keys(contents).filter((name) => contents[name] !== first);
  const present = new Set(first.split("\n").filter((line) => line !== ""));
  const writes = said.filter((line) => line.kind === "write");
  const returned = writes.filter(({ error }) => error === "");
  const sighted = new Set(
    said.flatMap((line) =>
      line.kind === "sight" && inMajority(faults, line.host, line.at, line.at + STAYS_SECONDS)
        ? [`${line.writer} ${line.number}`]
        : [],
    ),
  );
  const missing = returned.filter((write) => !present.has(lineOf(write)));
  const lost = missing.map(nameOf).filter((name) => sighted.has(name));
  const refused: Record<string, number> = {};
  for (const { error } of writes) if (error) refused[error] = (refused[error] ?? 0) + 1;
  const majority = writes.filter(({ host, from, to }) => inMajority(faults, host, from, to));
  return {
    attempts: writes.length,
    returned: returned.length,
    seen: returned.filter((write) => sighted.has(nameOf(write))).length,
    lost,
    lostUnseen: missing.length - lost.length,
    differing,
    refused,
    longestWriteSeconds: { any: longest(writes), inMajority: longest(majority) },
    files: present.size,
  };
}

/** A host that saw a file belongs to the majority if it is not struck within this time. */
const STAYS_SECONDS = 3;

function inMajority(faults: readonly Fault[], host: string, from: number, to: number): boolean {
  return !faults.some((fault) => fault.hosts.includes(host) && fault.from <= to && from <= fault.to);
}

function nameOf({ host, number }: Write): string {
  return `${host} ${number}`;
}

/** As grep prints a file that is whole. */
function lineOf(write: Write): string {
  return `${FIRE}/${write.host}/${write.number}:${nameOf(write)}`;
}

function longest(writes: readonly Write[]): number {
  return Math.round(Math.max(0, ...writes.map(({ from, to }) => to - from)) * 1000) / 1000;
}

/** Every file below the folder of the fire, with its content, sorted. */
function contentOf(plan: LabPlan, host: HostPlan): Promise<string> {
  return must(plan, host, `grep -rH '' ${FIRE} | sort`);
}
