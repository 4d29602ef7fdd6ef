import type { LabPlan } from "../../lab/plan.ts";
import { ringFigures } from "../../src/cluster/ring-figures.ts";
import { type Machine, measureCells } from "../corosync-cells/batch.ts";
import { signalHost, startHost } from "../corosync-cells/corosync.ts";
import { type PlacedCell, setLoss } from "../corosync-cells/fabric.ts";
import type { Entry } from "../corosync-cells/journal.ts";
import { journalsOf, untilWhole } from "../corosync-cells/ring-log.ts";
import { evenMesh } from "./even-mesh.ts";
import { type EvenCell, evenCell, type SettingsName, settingsOf } from "./grid.ts";

/** Until all that are left are usable again after each way to go and to come; ms, one figure for each time. */
export interface EndingCell {
  settings: SettingsName;
  hosts: number;
  rttMs: number;
  /** Power cut of the host with the highest id, and of the representative. */
  crashMs: number[];
  /** Network cut of one host: until the others are usable. */
  cutMs: number[];
  leaveMs: number[];
  /** From the start of corosync until all serve with it; from healing the cut until all serve. */
  joinMs: number[];
  healMs: number[];
  expected: { crashMs: number; leaveMs: number; joinMs: number; healMs: number };
}

/** Of a join: from the start of the program until it sends its first ping. */
const STARTING_MS = 250;

/** The clusters of corosync.md 19 E, and tuned ones. */
const SHAPES = [
  { settings: "pve-9", hosts: 3, rttMs: 20 },
  { settings: "pve-9", hosts: 5, rttMs: 20 },
  { settings: "pve-9", hosts: 3, rttMs: 100 },
  { settings: "pve-9", hosts: 5, rttMs: 100 },
  { settings: "pve-9", hosts: 7, rttMs: 100 },
  { settings: "pve-9", hosts: 3, rttMs: 300 },
  { settings: "pve-9", hosts: 5, rttMs: 300 },
  { settings: "pve-8", hosts: 5, rttMs: 100 },
  { settings: "tuned", hosts: 3, rttMs: 100 },
  { settings: "tuned", hosts: 5, rttMs: 100 },
  { settings: "tuned", hosts: 7, rttMs: 50 },
] as const;

export async function measureEndings(
  say: (line: string) => void,
  rounds: number,
): Promise<{ cells: EndingCell[]; machine: Machine }> {
  const batch = SHAPES.map((shape, index) => evenCell(`e${index}`, shape));
  const measured = await measureCells("proof-endings", batch, (plan, cell) => oneCell(plan, cell, rounds));
  for (const cell of measured.cells) say(JSON.stringify(cell));
  say(JSON.stringify(measured.machine));
  return measured;
}

async function oneCell(plan: LabPlan, cell: EvenCell & PlacedCell, rounds: number): Promise<EndingCell> {
  const times = { crashMs: [], cutMs: [], leaveMs: [], joinMs: [], healMs: [] } satisfies Partial<
    Record<keyof EndingCell, number[]>
  >;
  const measured: Pick<EndingCell, keyof typeof times> = times;
  const highest = cell.hosts - 1;
  for (let round = 0; round < rounds; round++) {
    // The representative, which holds the idle token, must be no worse to lose.
    const victim = round % 2 === 0 ? highest : 0;
    const all = cell.ports.map((_, place) => place);
    const rest = all.filter((place) => place !== victim);
    const crashed = await signalHost(plan, cell, victim, "SIGKILL");
    measured.crashMs.push(await usableOn(plan, cell, rest, crashed, rest.length));
    measured.joinMs.push(await started(plan, cell, victim, all));
    const left = await signalHost(plan, cell, victim, "SIGTERM");
    measured.leaveMs.push(await usableOn(plan, cell, rest, left, rest.length));
    await started(plan, cell, victim, all);
    const cut = now();
    await setLoss(plan, cell, 1, victim);
    measured.cutMs.push(await usableOn(plan, cell, rest, cut, rest.length));
    await Bun.sleep(SETTLE_MS);
    const healed = now();
    await setLoss(plan, cell, 0, victim);
    measured.healMs.push(await usableOn(plan, cell, all, healed, all.length));
    await Bun.sleep(SETTLE_MS);
  }
  return {
    settings: cell.settings,
    hosts: cell.hosts,
    rttMs: cell.rttMs,
    ...measured,
    expected: expectedEndings(cell),
  };
}

/** Long enough that knet's patience after a link went down is used up (corosync.md 5.1). */
const SETTLE_MS = 10_500;
const LONGEST_MS = 120_000;

async function started(
  plan: LabPlan,
  cell: EvenCell & PlacedCell,
  victim: number,
  all: readonly number[],
): Promise<number> {
  await Bun.sleep(3000);
  const began = now();
  await startHost(plan, cell, victim);
  const ms = await usableOn(plan, cell, all, began, all.length);
  await untilWhole(plan, cell, LONGEST_MS);
  await Bun.sleep(SETTLE_MS);
  return ms;
}

/** From `moment` until the last of some hosts is usable in a ring of so many members; ms. */
async function usableOn(
  plan: LabPlan,
  cell: PlacedCell,
  places: readonly number[],
  moment: number,
  members: number,
): Promise<number> {
  for (const deadline = now() + LONGEST_MS; now() < deadline; await Bun.sleep(200)) {
    const journals = await journalsOf(plan, cell);
    const ends = places.map((place) => usableIn(journals[place] ?? [], moment, members));
    const known = ends.filter((end) => end !== undefined);
    if (known.length === places.length) return Math.round(Math.max(...known) - moment);
  }
  throw new Error(`${cell.name}: not usable again in ${LONGEST_MS / 1000} s`);
}

/** When a host first served in a ring of so many members after a moment. */
function usableIn(entries: readonly Entry[], moment: number, members: number): number | undefined {
  let of = 0;
  for (const entry of entries) {
    if (entry.at < moment) continue;
    if (entry.what === "members") of = entry.members.length;
    if (entry.what === "usable" && of === members) return entry.at;
  }
  return undefined;
}

/** What the closed forms say. */
export function expectedEndings(
  cell: Pick<EvenCell, "settings" | "hosts" | "rttMs">,
): EndingCell["expected"] {
  const mesh = evenMesh(cell.hosts, cell.rttMs, 0);
  const settings = settingsOf(cell.settings, cell.hosts, cell.rttMs);
  const figures = ringFigures(mesh, [...mesh.hosts.keys()], settings);
  return {
    crashMs: Math.round(figures.outageMs.crash),
    leaveMs: Math.round(figures.outageMs.leave),
    joinMs: Math.round(figures.joinMs.usable),
    healMs: Math.round(figures.joinMs.usable - STARTING_MS),
  };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
