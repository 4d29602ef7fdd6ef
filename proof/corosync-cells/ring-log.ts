import type { LabPlan } from "../../lab/plan.ts";
import { logOf } from "./corosync.ts";
import type { PlacedCell } from "./fabric.ts";
import { type Entry, parseJournal } from "./journal.ts";

/** What all corosyncs of a cell wrote down, by place. */
export async function journalsOf(plan: LabPlan, cell: PlacedCell): Promise<Entry[][]> {
  return Promise.all(cell.ports.map(async (_, place) => parseJournal(await logOf(plan, cell, place))));
}

/** What happened between two moments, ms since 1970. */
export interface Happened {
  /** Different rings that were formed, by whichever hosts. */
  rings: number;
  /** The most rings that one host saw. */
  mostOfOneHost: number;
  /** How often a host called another down, over all. */
  linkDowns: number;
  tokenLosses: number;
}

export function happenedBetween(journals: readonly Entry[][], from: number, to: number): Happened {
  const within = journals.map((entries) => entries.filter(({ at }) => at >= from && at < to));
  const all = within.flat();
  const rings = (entries: readonly Entry[]) =>
    new Set(entries.flatMap((entry) => (entry.what === "ring" ? [entry.ring] : []))).size;
  return {
    rings: rings(all),
    mostOfOneHost: Math.max(0, ...within.map(rings)),
    linkDowns: all.filter(({ what }) => what === "link down").length,
    tokenLosses: all.filter(({ what }) => what === "token lost").length,
  };
}

/** One ring of all hosts, usable everywhere. */
export function isWhole(journals: readonly Entry[][]): boolean {
  return journals.every((entries) => {
    const ring = entries.findLastIndex(({ what }) => what === "ring");
    const usable = entries.findLastIndex(({ what }) => what === "usable");
    const last = entries.findLast((entry) => entry.what === "members");
    return usable > ring && ring >= 0 && last?.members.length === journals.length;
  });
}

/** Waits until a cell is whole. False where it is not after `ms`. */
export async function untilWhole(plan: LabPlan, cell: PlacedCell, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await Bun.sleep(500)) {
    if (isWhole(await journalsOf(plan, cell))) return true;
  }
  return false;
}

/** When a host was first usable again at or after a moment; undefined where it never was. */
export function usableAfter(entries: readonly Entry[], moment: number): number | undefined {
  return entries.find(({ what, at }) => what === "usable" && at >= moment)?.at;
}
