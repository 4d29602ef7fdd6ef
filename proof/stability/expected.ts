import { simulateRing } from "../../src/cluster/simulate.ts";
import { stabilityModel } from "../../src/cluster/stability-model.ts";
import { evenMesh } from "./even-mesh.ts";
import { type EvenCell, fastDataUp, settingsOf } from "./grid.ts";

/** What the forecast expects of a cell in so many seconds. */
export function expectedOf(
  cell: Pick<EvenCell, "settings" | "hosts" | "rttMs" | "release">,
  loss: number,
  seconds: number,
  effort = 1,
): { changes: number; linkDowns: number } {
  const mesh = evenMesh(cell.hosts, cell.rttMs, loss);
  const order = [...mesh.hosts.keys()];
  const settings = settingsOf(cell.settings, cell.hosts, cell.rttMs);
  const model = stabilityModel(mesh, order, settings, { fastDataUp: fastDataUp(cell) });
  const { changes, days } = simulateRing(model, { seed: 1, hours: 24, runs: 20, effort });
  const share = seconds / 86_400;
  return {
    changes: Number(((changes / days) * share).toPrecision(3)),
    linkDowns: Number((model.linkDownsPerDay * share).toPrecision(3)),
  };
}
