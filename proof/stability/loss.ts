import type { LabPlan } from "../../lab/plan.ts";
import { type Machine, measureCells } from "../corosync-cells/batch.ts";
import { type PlacedCell, setLoss } from "../corosync-cells/fabric.ts";
import { happenedBetween, isWhole, journalsOf } from "../corosync-cells/ring-log.ts";
import { writeOn } from "../corosync-cells/writer.ts";
import { expectedOf } from "./expected.ts";
import { type EvenCell, type EvenShape, evenCell, SETTINGS, shapeOf } from "./grid.ts";

/** One cluster under one loss, measured beside the forecast. */
export interface LossCell extends EvenShape {
  loss: number;
  seconds: number;
  /** Different rings after the beginning: what corosync.md 19 calls changes. */
  changes: number;
  /** Of those, the most that one host saw. */
  mostOfOneHost: number;
  linkDowns: number;
  wholeAtTheEnd: boolean;
  /** Messages of 256 bytes, one a second from the lowest nodeid: until delivered there. */
  write: { count: number; medianMs: number; longestMs: number };
  expected: { changes: number; linkDowns: number };
}

const LOSSES = [0.001, 0.01, 0.03, 0.05] as const;
const RTTS = [50, 150] as const;
const SIZES = [3, 5, 7] as const;

/** Three settings x two distances x three sizes for each loss; every batch has a cluster without loss beside. */
export async function measureLoss(
  say: (line: string) => void,
  seconds: number,
): Promise<{ cells: LossCell[]; machine: Machine[] }> {
  const cells: LossCell[] = [];
  const machine: Machine[] = [];
  for (const loss of LOSSES) {
    const grid = SETTINGS.flatMap((settings) =>
      RTTS.flatMap((rttMs) => SIZES.map((hosts) => ({ settings, rttMs, hosts }))),
    );
    const control = evenCell("control", { settings: "pve-9", rttMs: 50, hosts: 3 });
    const batch = [...grid.map((each, index) => evenCell(`c${index}`, each)), control];
    const done = await measureCells("proof-loss", batch, (plan, cell) =>
      oneCell(plan, cell, cell.name === "control" ? 0 : loss, seconds),
    );
    machine.push(done.machine);
    // Not before: the simulations would take the time of the cells.
    const beside = done.cells.map((cell) => ({ ...cell, expected: expectedOf(cell, cell.loss, seconds) }));
    cells.push(...beside);
    for (const cell of beside) say(lineOf(cell));
    say(JSON.stringify(done.machine));
  }
  return { cells, machine };
}

async function oneCell(
  plan: LabPlan,
  cell: EvenCell & PlacedCell,
  loss: number,
  seconds: number,
): Promise<Omit<LossCell, "expected">> {
  await setLoss(plan, cell, loss);
  const from = Date.now();
  // A host that is cut off for good would keep the writer: it ends a little later than the count.
  const writing = writeOn(plan, cell, 0, { seconds, pauseMs: 1000 });
  await Bun.sleep(seconds * 1000);
  const to = Date.now();
  await setLoss(plan, cell, 0);
  const { latenciesMs } = await writing;
  const journals = await journalsOf(plan, cell);
  const happened = happenedBetween(journals, from, to);
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return {
    ...shapeOf(cell),
    loss,
    seconds,
    changes: happened.rings,
    mostOfOneHost: happened.mostOfOneHost,
    linkDowns: happened.linkDowns,
    wholeAtTheEnd: isWhole(journals.map((entries) => entries.filter(({ at }) => at < to))),
    write: {
      count: sorted.length,
      medianMs: Math.round(sorted[sorted.length >> 1] ?? 0),
      longestMs: Math.round(sorted.at(-1) ?? 0),
    },
  };
}

function lineOf(cell: LossCell): string {
  const { settings, hosts, rttMs, loss, changes, linkDowns, expected } = cell;
  return (
    `${settings.padEnd(5)} RTT ${String(rttMs).padStart(3)} hosts ${hosts} loss ${(loss * 100).toFixed(1)} %: ` +
    `${changes} changes (${expected.changes}), ${linkDowns} links down (${expected.linkDowns})`
  );
}
