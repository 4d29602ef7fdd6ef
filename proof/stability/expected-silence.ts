import { seededRandom } from "../../src/cluster/random.ts";
import { changesOfSilence } from "../../src/cluster/silence.ts";
import { type StabilityModel, stabilityModel } from "../../src/cluster/stability-model.ts";
import { evenMesh } from "./even-mesh.ts";
import { type EvenShape, fastDataUp, settingsOf } from "./grid.ts";

const PLAYS = 2000;

/** What the forecast expects of one silence of one host: rings on average, and how often it costs any. */
export function expectedOfSilence(
  cell: EvenShape,
  { outageMs, loss = 1 }: { outageMs: number | (() => number); loss?: number },
): { changes: number; share: number } {
  const model = modelOf(cell);
  const random = seededRandom(1);
  const length = typeof outageMs === "number" ? () => outageMs : outageMs;
  let [changes, costly] = [0, 0];
  for (let play = 0; play < PLAYS; play++) {
    const cost = changesOfSilence(model, { place: play % cell.hosts, ms: length(), loss }, random);
    changes += cost;
    costly += cost > 0 ? 1 : 0;
  }
  return { changes: changes / PLAYS, share: costly / PLAYS };
}

function modelOf(cell: EvenShape): StabilityModel {
  const mesh = evenMesh(cell.hosts, cell.rttMs, 0);
  const settings = settingsOf(cell.settings, cell.hosts, cell.rttMs);
  return stabilityModel(mesh, [...mesh.hosts.keys()], settings, { fastDataUp: fastDataUp(cell) });
}
