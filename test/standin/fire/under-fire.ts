import { must } from "../../../lab/machines/must.ts";
import type { HostPlan, LabPlan } from "../../../lab/plan.ts";
import { untilAllOnline } from "./cluster-by-hand.ts";
import { chooseFault, type Fault, type FaultKind, strike } from "./faults.ts";
import { FIRE, runPrograms, type Said, STOP } from "./programs.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface FireOptions {
  /** How long hosts are struck; the last fault is mended before the end. */
  readonly durationMs: number;
  readonly say?: (line: string) => void;
}

export interface FireReport extends Verdict {
  readonly hosts: number;
  readonly seconds: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** From the mending of a fault until all hosts are members again. */
  readonly longestReturnSeconds: number;
}

/**
 * All hosts of a clustered lab write to /etc/pve and read each other's files, while hosts are cut off, lose
 * power and come back. Throws when a member does not come back or a writer hangs; the rest is in the report.
 */
export async function underFire(plan: LabPlan, options: FireOptions): Promise<FireReport> {
  const { durationMs, say = () => undefined } = options;
  const said: Said[] = [];
  const faults: Fault[] = [];
  const running = new Map<string, Promise<void>>();
  const lastNumber = new Map<string, number>();
  const listen = (line: Said) => {
    said.push(line);
    if (line.kind === "write") lastNumber.set(line.host, line.number);
  };
  const start = (host: HostPlan) => {
    const after = (lastNumber.get(host.name) ?? 0) + 10;
    running.set(host.name, runPrograms(plan, host, after, listen, durationMs + 600_000));
  };
  const [first] = plan.hosts;
  if (!first) throw new Error("a fire needs hosts");
  await must(plan, first, `mkdir -p ${FIRE}`);
  for (const host of plan.hosts) start(host);
  const began = Date.now();
  let longestReturn = 0;
  for (let turn = 0; turn === 0 || Date.now() - began < durationMs; turn++) {
    await Bun.sleep(CALM_MS);
    const { kind, victims } = chooseFault(plan.hosts, turn);
    const names = victims.map(({ name }) => name);
    say(`${elapsed(began)} ${kind}: ${names.join(", ")}`);
    const fault: Fault = { kind, hosts: names, from: Date.now() / 1000, to: Number.POSITIVE_INFINITY };
    faults.push(fault);
    const mend = await strike(plan, kind, victims);
    await Bun.sleep(kind === "blink" ? BLINK_MS : AWAY_MS);
    const mended = Date.now();
    await mend();
    await untilAllOnline(plan, plan.hosts, RETURN_MS);
    fault.to = Date.now() / 1000;
    longestReturn = Math.max(longestReturn, (Date.now() - mended) / 1000);
    say(`${elapsed(began)}   all members again after ${((Date.now() - mended) / 1000).toFixed(1)} s`);
    for (const host of kind.includes("power") ? victims : []) {
      await within(running.get(host.name), `the programs on ${host.name}, which lost power`);
      start(host);
    }
  }
  await Bun.sleep(CALM_MS);
  const seconds = Math.round((Date.now() - began) / 1000);
  await Promise.all(plan.hosts.map((host) => must(plan, host, STOP)));
  for (const [name, programs] of running) await within(programs, `a writer on ${name}`);
  // Names may be believed in for a second by a kernel (proxmox.md 2.1).
  await Bun.sleep(1_500);
  const counts: Partial<Record<FaultKind, number>> = {};
  for (const { kind } of faults) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    hosts: plan.hosts.length,
    seconds,
    faults: counts,
    longestReturnSeconds: Math.round(longestReturn * 10) / 10,
    ...(await judge(plan, said, faults)),
  };
}

/** Between two faults everybody writes. */
const CALM_MS = 3_000;
/** Shorter than the token's timeout: no change of membership. */
const BLINK_MS = 1_500;
/** Long enough for a membership without the victims (2.2 x token + 15 rotations, corosync.md 1). */
const AWAY_MS = 13_000;
/** A member that is not back by then hangs. */
const RETURN_MS = 90_000;
/** A write that has not returned by then hangs: pmxcfs itself gives up after 120 s. */
const HANG_MS = 130_000;

async function within(work: Promise<void> | undefined, what: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function elapsed(began: number): string {
  return `${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s`;
}
