import type { LabPlan } from "../../lab/plan.ts";
import { type Machine, measureCells } from "../corosync-cells/batch.ts";
import { type PlacedCell, setLoss } from "../corosync-cells/fabric.ts";
import { happenedBetween, journalsOf } from "../corosync-cells/ring-log.ts";
import { writeOn } from "../corosync-cells/writer.ts";
import { type EvenCell, type EvenShape, evenCell, SETTINGS, shapeOf } from "./grid.ts";

/** One cluster whose hosts' own lines go bad for a second or three, each at its own times. */
export interface BurstCell extends EvenShape {
  /** Loss of both directions of a line while it is bad. */
  loss: number;
  seconds: number;
  /** Bad times of all lines together, and their mean length. */
  bursts: number;
  meanMs: number;
  changes: number;
  mostOfOneHost: number;
  linkDowns: number;
  longestWriteMs: number;
}

/** Gilbert and Elliott's two states: good for a minute on average, then bad for 1 to 3 s. */
const GOOD_MS = 60_000;
export const BAD_MS = [1000, 3000] as const;

export async function measureBursts(
  say: (line: string) => void,
  seconds: number,
): Promise<{ cells: BurstCell[]; machine: Machine }> {
  const shapes = [
    { hosts: 3, rttMs: 50, loss: 0.5 },
    { hosts: 5, rttMs: 50, loss: 0.5 },
    { hosts: 7, rttMs: 50, loss: 0.5 },
    { hosts: 5, rttMs: 50, loss: 0.9 },
    { hosts: 5, rttMs: 150, loss: 0.9 },
  ] as const;
  const batch = SETTINGS.flatMap((settings) => shapes.map((shape) => ({ settings, ...shape }))).map(
    ({ loss, ...shape }, index) => ({ ...evenCell(`b${index}`, shape), burstLoss: loss }),
  );
  const measured = await measureCells("proof-bursts", batch, (plan, cell) => oneCell(plan, cell, seconds));
  for (const { settings, hosts, rttMs, loss, bursts, changes, linkDowns } of measured.cells) {
    say(
      `${settings.padEnd(5)} RTT ${rttMs} hosts ${hosts}, ${bursts} bursts of ${loss * 100} %: ${changes} changes, ${linkDowns} links down`,
    );
  }
  say(JSON.stringify(measured.machine));
  return measured;
}

async function oneCell(
  plan: LabPlan,
  cell: EvenCell & PlacedCell & { burstLoss: number },
  seconds: number,
): Promise<BurstCell> {
  const from = Date.now();
  const to = from + seconds * 1000;
  const writing = writeOn(plan, cell, 0, { seconds, pauseMs: 1000 });
  const lines = await Promise.all(cell.ports.map((_, place) => badTimes(plan, cell, place, to)));
  const { latenciesMs } = await writing;
  const lengths = lines.flat();
  const happened = happenedBetween(await journalsOf(plan, cell), from, to);
  return {
    ...shapeOf(cell),
    loss: cell.burstLoss,
    seconds,
    bursts: lengths.length,
    meanMs: Math.round(lengths.reduce((sum, ms) => sum + ms, 0) / Math.max(1, lengths.length)),
    changes: happened.rings,
    mostOfOneHost: happened.mostOfOneHost,
    linkDowns: happened.linkDowns,
    longestWriteMs: Math.round(Math.max(...latenciesMs)),
  };
}

/**
 * Makes one host's line good and bad in turn until `to`; gives the lengths of the bad times. What lies between two
 * bad lines takes the loss of the one that changed last.
 */
async function badTimes(
  plan: LabPlan,
  cell: PlacedCell & { burstLoss: number },
  place: number,
  to: number,
): Promise<number[]> {
  const lengths: number[] = [];
  for (;;) {
    const good = -Math.log(1 - Math.random()) * GOOD_MS;
    const bad = BAD_MS[0] + Math.random() * (BAD_MS[1] - BAD_MS[0]);
    if (Date.now() + good + bad > to) break;
    await Bun.sleep(good);
    await setLoss(plan, cell, cell.burstLoss, place);
    await Bun.sleep(bad);
    await setLoss(plan, cell, 0, place);
    lengths.push(bad);
  }
  await Bun.sleep(Math.max(0, to - Date.now()));
  return lengths;
}
