import { pingFrom } from "../../lab/measure.ts";
import type { LabPlan } from "../../lab/plan.ts";
import { rotationMs } from "../../src/cluster/ring.ts";
import { workedRotationMs } from "../../src/cluster/ring-figures.ts";
import { PROXMOX_DEFAULTS } from "../../src/cluster/totem.ts";
import { type Machine, measureCells } from "../corosync-cells/batch.ts";
import { type Cell, waysWithin } from "../corosync-cells/cell.ts";
import { type PlacedCell, portAt } from "../corosync-cells/fabric.ts";
import { writeOn } from "../corosync-cells/writer.ts";
import { meshOf, ordersOf } from "./orders.ts";
import { TOPOLOGIES, type Topology } from "./topologies.ts";

/** One order of ids, measured and predicted; ms. */
export interface RingCell {
  topology: string;
  hosts: number;
  /** What this order of ids is. */
  word: string;
  order: readonly number[];
  /** From the delays that ping saw, as a user's matrix would have them, and from those that were asked of the relay. */
  predicted: { rotationMs: number; writeMs: number; askedRotationMs: number };
  /** Messages back to back take a rotation each; a message at a random moment waits for the token. */
  measured: { rotationMs: number; writeMs: number; writeP99Ms: number; rotations: number; writes: number };
}

/** An order of ids as a cell. */
interface OrderCell extends Cell {
  readonly topology: Topology;
  readonly word: string;
  readonly order: readonly number[];
}

/** At once; more would make a busy machine part of the figures. */
const HOSTS_AT_ONCE = 80;
const BACK_TO_BACK_SECONDS = 10;
const RANDOM_SECONDS = 30;
const WRITERS = 3;

/** Measures all topologies, each in several orders of ids, batch by batch. */
export async function measureRings(
  say: (line: string) => void,
  { topologies = TOPOLOGIES, most = 6 }: { topologies?: readonly Topology[]; most?: number } = {},
): Promise<{ cells: RingCell[]; machine: Machine[] }> {
  const cells: RingCell[] = [];
  const machine: Machine[] = [];
  for (const batch of batchesOf(topologies.flatMap((topology) => orderCells(topology, most)))) {
    const done = await measureCells("proof-ring", batch, oneRing);
    cells.push(...done.cells);
    machine.push(done.machine);
    for (const cell of done.cells) say(lineOf(cell));
    say(JSON.stringify(done.machine));
  }
  return { cells, machine };
}

function orderCells(topology: Topology, most: number): OrderCell[] {
  return ordersOf(topology, most).map(({ word, order }) => ({
    name: "",
    hosts: topology.hosts,
    release: "pve9",
    totem: PROXMOX_DEFAULTS["pve-9"],
    nodeids: order.map((_, place) => 10 * (order.indexOf(place) + 1)),
    oneWayMs: topology.oneWayMs,
    topology,
    word,
    order,
  }));
}

function batchesOf(cells: readonly OrderCell[]): OrderCell[][] {
  const batches: OrderCell[][] = [];
  let room = 0;
  for (const [index, cell] of cells.entries()) {
    if (cell.hosts > room) {
      batches.push([]);
      room = HOSTS_AT_ONCE;
    }
    batches.at(-1)?.push({ ...cell, name: `r${index}` });
    room -= cell.hosts;
  }
  return batches;
}

async function oneRing(plan: LabPlan, cell: OrderCell & PlacedCell): Promise<RingCell> {
  const rtts = await pinged(cell);
  const mesh = meshOf({
    ...cell.topology,
    oneWayMs: (from, to) => {
      const asked = cell.oneWayMs(from, to);
      return asked + ((rtts.get(`${from} ${to}`) ?? 0) - asked - cell.oneWayMs(to, from)) / 2;
    },
  });
  const turn = rotationMs(mesh, cell.order);
  const first = cell.order[0] ?? 0;
  const rotations = await writeOn(plan, cell, first, { seconds: BACK_TO_BACK_SECONDS, pauseMs: 0 });
  // Uniform over two rotations: the token may be anywhere when a message is sent. All on one host: where others write
  // too and their messages come later than the token, a host waits for these as well.
  const writers = Array.from({ length: WRITERS }, () =>
    writeOn(plan, cell, first, { seconds: RANDOM_SECONDS, pauseMs: turn }),
  );
  const waits = (await Promise.all(writers)).flatMap(({ latenciesMs }) => latenciesMs.slice(1));
  const turns = rotations.latenciesMs.slice(1);
  return {
    topology: cell.topology.name,
    hosts: cell.hosts,
    word: cell.word,
    order: cell.order,
    predicted: {
      rotationMs: rounded(turn),
      writeMs: rounded(workedRotationMs(turn, cell.hosts) / 2),
      askedRotationMs: rounded(rotationMs(meshOf(cell.topology), cell.order)),
    },
    measured: {
      rotationMs: rounded(mean(turns)),
      writeMs: rounded(mean(waits)),
      writeP99Ms: rounded(waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? 0),
      rotations: turns.length,
      writes: waits.length,
    },
  };
}

/** Round trips within a cell as ping sees them, by "FROM TO". */
async function pinged(cell: OrderCell & PlacedCell): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const pairs = [...waysWithin(cell)].filter(({ from, to }) => from < to);
  await Promise.all(
    pairs.map(async ({ from, to }) => {
      const { medianMs } = await pingFrom(portAt(cell, from).host.namespace, portAt(cell, to).address, 20);
      if (medianMs === undefined) throw new Error(`${cell.topology.name}: no ping passes`);
      found.set(`${from} ${to}`, medianMs).set(`${to} ${from}`, medianMs);
    }),
  );
  return found;
}

function lineOf({ topology, word, predicted, measured }: RingCell): string {
  const off = (100 * (measured.rotationMs / predicted.rotationMs - 1)).toFixed(1);
  return (
    `${topology}, ${word}: rotation ${measured.rotationMs} (${predicted.rotationMs}, ${off} %), ` +
    `write ${measured.writeMs} (${predicted.writeMs})`
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
