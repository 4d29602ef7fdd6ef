import { takeDown } from "../../lab/down.ts";
import { readRelay } from "../../lab/fabric/relay-control.ts";
import { type LabPlan, planLab } from "../../lab/plan.ts";
import { scenario } from "../../lab/scenario.ts";
import type { Cell } from "./cell.ts";
import { startCell } from "./corosync.ts";
import { endCells } from "./end.ts";
import { fabricOf, type PlacedCell } from "./fabric.ts";
import { untilWhole } from "./ring-log.ts";

/** What says whether the machine kept up while the cells were measured. */
export interface Machine {
  /** Packets that the relay sent more than 5 ms late; the latest of them, the start of all the corosyncs included. */
  latePackets: number;
  worstLateMs: number;
  /** No later packet than in the start came while it was measured. */
  worstWasInTheStart: boolean;
  /** Share of both cores' time in which nothing ran. */
  idle: number;
}

/**
 * Brings up cells side by side, measures all at once when each is whole, and takes them down again.
 * Throws where a cell does not get whole in 2 min.
 */
export async function measureCells<Kind extends Cell, Measured>(
  name: string,
  batch: readonly Kind[],
  measure: (plan: LabPlan, cell: Kind & PlacedCell) => Promise<Measured>,
): Promise<{ cells: Measured[]; machine: Machine }> {
  await takeDown(planLab(name, EMPTY));
  const { plan, cells: placed } = await fabricOf(name, batch);
  try {
    // One after the other: each start is a burst of work.
    for (const cell of placed) await startCell(plan, cell);
    const whole = await Promise.all(placed.map((cell) => untilWhole(plan, cell, 120_000)));
    const broken = placed.filter((_, index) => !whole[index]).map((cell) => cell.name);
    if (broken.length > 0) throw new Error(`never whole: ${broken.join(", ")}`);
    const before = await reading(plan);
    const cells = await Promise.all(placed.map((cell) => measure(plan, cell)));
    const after = await reading(plan);
    const share = (part: "idle" | "all") => after[part] - before[part];
    return {
      cells,
      machine: {
        latePackets: after.late - before.late,
        worstLateMs: Math.round(after.worstLateMs),
        worstWasInTheStart: after.worstLateMs === before.worstLateMs,
        idle: Number((share("idle") / share("all")).toFixed(3)),
      },
    };
  } finally {
    await endCells(plan);
  }
}

async function reading(plan: LabPlan) {
  const { timing } = await readRelay(plan);
  const [first = ""] = (await Bun.file("/proc/stat").text()).split("\n");
  const ticks = first.split(/ +/).slice(1, 9).map(Number);
  return { ...timing, idle: ticks[3] ?? 0, all: ticks.reduce((sum, each) => sum + each, 0) };
}

/** Enough to name a lab that is to be taken down. */
const EMPTY = scenario.parse({
  name: "cells",
  summary: "none",
  tailnet: "none",
  sites: [{ name: "none" }],
  hosts: [{ name: "none", site: "none", release: "pve9" }],
});
