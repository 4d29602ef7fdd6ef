import { z } from "zod";
import { burstCells, outageCells } from "../stability/evidence.ts";
import type { SettingsName } from "../stability/grid.ts";
import { burstBeside, outageBeside } from "../stability/judge-silences.ts";
import { barPanel, type Group, legend, panelWidth } from "./bars.ts";
import { page } from "./svg.ts";

const outagesMeasured = z.object({ cells: outageCells });
const burstsMeasured = z.object({ cells: burstCells });

/** Changes for one outage of one host, beside what today's model forecasts. */
export function drawOutages(measured: unknown): string {
  const { cells } = outagesMeasured.parse(measured);
  const groups = groupsOf(cells, (cell) => `${cell.outageMs / 1000} s, ${cell.hosts}`, outageBeside);
  const shapes = [...new Set(cells.map(({ hosts, rttMs }) => `${hosts} at RTT ${rttMs} ms`))].join(", ");
  return onePanel(
    "One host cut off, and back",
    `length of the outage, hosts: ${shapes}`,
    groups,
    "changes for each",
  );
}

/** Changes for all bursts of a cell, beside what today's model forecasts. */
export function drawBursts(measured: unknown): string {
  const { cells } = burstsMeasured.parse(measured);
  const groups = groupsOf(cells, (cell) => `${cell.loss * 100} %, ${cell.hosts}, ${cell.rttMs}`, burstBeside);
  const minutes = (cells[0]?.seconds ?? 0) / 60;
  const title = `Each host's line bad for 1 to 3 s about once a minute, for ${minutes} min`;
  return onePanel(title, "loss while bad, hosts, RTT in ms", groups, "changes");
}

function onePanel(title: string, subtitle: string, groups: readonly Group[], unit: string): string {
  return page(Math.max(panelWidth(groups), 660) + 32, 325, title, [
    ...legend([16, 50]),
    ...barPanel(subtitle, groups, [16, 78], unit),
  ]);
}

function groupsOf<Cell extends { settings: SettingsName }>(
  cells: readonly Cell[],
  labelOf: (cell: Cell) => string,
  figureOf: (cell: Cell) => { measured: number; expected: number },
): Group[] {
  const labels = [...new Set(cells.map(labelOf))];
  return labels.map((label) => ({
    label,
    bars: cells
      .filter((cell) => labelOf(cell) === label)
      .map((cell) => ({ colour: cell.settings, ...figureOf(cell) })),
  }));
}
