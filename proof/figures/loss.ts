import { z } from "zod";
import { lossCells } from "../stability/evidence.ts";
import { expectedOf } from "../stability/expected.ts";
import { barPanel, type Group, legend, panelWidth } from "./bars.ts";
import { page } from "./svg.ts";

const lossMeasured = z.object({ cells: lossCells });

/** Membership changes of each cell, by distance and loss, beside what today's model forecasts. */
export function drawLoss(measured: unknown): string {
  const { cells } = lossMeasured.parse(measured);
  const lossy = cells.filter(({ loss }) => loss > 0);
  const losses = [...new Set(lossy.map(({ loss }) => loss))];
  const sizes = [...new Set(lossy.map(({ hosts }) => hosts))];
  const panels = [...new Set(lossy.map(({ rttMs }) => rttMs))].map((rttMs) => {
    const groups = losses.flatMap((loss) =>
      sizes.map(
        (hosts): Group => ({
          label: `${loss * 100} %, ${hosts}`,
          bars: lossy
            .filter((cell) => cell.rttMs === rttMs && cell.loss === loss && cell.hosts === hosts)
            .map((cell) => ({
              colour: cell.settings,
              measured: cell.changes,
              expected: expectedOf(cell, cell.loss, cell.seconds, 0.2).changes,
            })),
        }),
      ),
    );
    return { title: `RTT ${rttMs} ms; loss of each direction, hosts`, groups };
  });
  const seconds = lossy[0]?.seconds ?? 0;
  const width = Math.max(...panels.map(({ groups }) => panelWidth(groups))) + 32;
  return page(width, 90 + panels.length * 235, `Membership changes in ${seconds} s of independent loss`, [
    ...legend([16, 50]),
    ...panels.flatMap(({ title, groups }, index) =>
      barPanel(title, groups, [16, 78 + index * 235], "changes"),
    ),
  ]);
}
