import type { LabPlan } from "../../lab/plan.ts";
import { type Machine, measureCells } from "../corosync-cells/batch.ts";
import { type PlacedCell, setLoss } from "../corosync-cells/fabric.ts";
import { happenedBetween, journalsOf, untilWhole } from "../corosync-cells/ring-log.ts";
import { writeOn } from "../corosync-cells/writer.ts";
import { type EvenCell, type EvenShape, evenCell, SETTINGS, shapeOf } from "./grid.ts";

/** One cluster in which one host after the other hears and reaches nobody for a while. */
export interface OutageCell extends EvenShape {
  /** How long each silence lasts. */
  outageMs: number;
  /** One entry for each silence. */
  silences: {
    /** Which host, by its place in the ring. */
    place: number;
    /** Rings that the host with the most of them saw, the silent one left out. */
    changes: number;
    linkDowns: number;
    /** From the end of the silence until all were one ring again; 0 where they never ceased to be. */
    backMs: number;
  }[];
}

const OUTAGES_MS = [1000, 2000, 5000, 8000] as const;
/** knet is more patient for 9 s after a link went down (corosync.md 5.1): each silence finds it as usual. */
const QUIET_MS = 12_000;

/** Silences of 1, 2, 5 and 8 s of one host, again and again for `seconds`, each cell its own length. */
export async function measureOutages(
  say: (line: string) => void,
  seconds: number,
): Promise<{ cells: OutageCell[]; machine: Machine }> {
  const shapes = [
    { hosts: 5, rttMs: 50 },
    { hosts: 3, rttMs: 150 },
  ] as const;
  const batch = SETTINGS.flatMap((settings) =>
    shapes.flatMap((shape) => OUTAGES_MS.map((outageMs) => ({ settings, outageMs, ...shape }))),
  ).map(({ outageMs, ...shape }, index) => ({ ...evenCell(`o${index}`, shape), outageMs }));
  const measured = await measureCells("proof-outages", batch, (plan, cell) => oneCell(plan, cell, seconds));
  for (const { settings, hosts, rttMs, outageMs, silences } of measured.cells) {
    say(
      `${settings.padEnd(5)} RTT ${rttMs} hosts ${hosts}, silent ${outageMs / 1000} s: ` +
        `changes ${silences.map(({ changes }) => changes).join(" ")}`,
    );
  }
  say(JSON.stringify(measured.machine));
  return measured;
}

async function oneCell(
  plan: LabPlan,
  cell: EvenCell & PlacedCell & { outageMs: number },
  seconds: number,
): Promise<OutageCell> {
  const silences: OutageCell["silences"] = [];
  // As in the other cells: without any message the representative holds the token back (corosync.md 3.2).
  const writing = writeOn(plan, cell, 0, { seconds, pauseMs: 1000 });
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const place = silences.length % cell.hosts;
    const began = Date.now();
    await setLoss(plan, cell, 1, place);
    await Bun.sleep(cell.outageMs);
    await setLoss(plan, cell, 0, place);
    const ended = Date.now();
    // Whether the silence is noticed shows until the token would be given up, and no link may be down any more.
    await Bun.sleep(QUIET_MS);
    if (!(await untilWhole(plan, cell, 120_000))) throw new Error(`${cell.name} does not get whole again`);
    const journals = await journalsOf(plan, cell);
    const others = journals.filter((_, index) => index !== place);
    const last = Math.max(0, ...journals.flat().flatMap(({ what, at }) => (what === "usable" ? [at] : [])));
    silences.push({
      place,
      changes: happenedBetween(others, began, Date.now()).mostOfOneHost,
      linkDowns: happenedBetween(journals, began, Date.now()).linkDowns,
      backMs: last > began ? Math.max(0, Math.round(last - ended)) : 0,
    });
    // Not in step with knet's own intervals.
    await Bun.sleep(Math.random() * 2000);
  }
  await writing;
  return { ...shapeOf(cell), outageMs: cell.outageMs, silences };
}
