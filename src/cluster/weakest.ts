import { beyondMeasured } from "./beyond-measured.ts";
import { type Colour, GREEN_BELOW, verdictOf } from "./forecast-verdict.ts";
import { roughChanges } from "./membership-changes.ts";
import { linkOf, type Mesh, nameOf, without } from "./mesh.ts";
import { ringOrder, rotationMs } from "./ring.ts";
import { ringFigures } from "./ring-figures.ts";
import { linkDownsPerDay } from "./stability-model.ts";
import type { TotemSettings } from "./totem.ts";

/** Settings for a ring: fixed ones, or such as follow from the mesh. */
export type SettingsFor = (mesh: Mesh, order: readonly number[]) => TotemSettings;

export interface WeakestPair {
  names: [string, string];
  rttMs: number;
  /** Undefined where nobody measured it. */
  loss?: number;
  linkDownsPerDay: number;
}

export interface WeakestHost {
  name: string;
  /** What the rest would be. */
  without: { rotationMs: number; membershipChangesPerDay: number; verdict: Colour };
}

/** The pair whose links would go down most often, or where none would, the farthest. */
export function weakestPair(mesh: Mesh, settings: TotemSettings): WeakestPair {
  let worst: WeakestPair | undefined;
  for (const a of mesh.hosts.keys()) {
    for (const b of mesh.hosts.keys()) {
      if (a >= b) continue;
      const [there, back] = [linkOf(mesh, a, b), linkOf(mesh, b, a)];
      const pair: WeakestPair = {
        names: [nameOf(mesh, a), nameOf(mesh, b)],
        rttMs: Math.max(there.rttMs, back.rttMs),
        ...((there.loss ?? back.loss) !== undefined && { loss: Math.max(there.loss ?? 0, back.loss ?? 0) }),
        linkDownsPerDay: linkDownsPerDay(mesh, settings, a, b) + linkDownsPerDay(mesh, settings, b, a),
      };
      if (worst === undefined || isWeaker(pair, worst)) worst = pair;
    }
  }
  if (worst === undefined) throw new RangeError("a mesh of one host");
  return worst;
}

/** The host without which the others are best off; undefined with two hosts, of which none can be spared. */
export function weakestHost(
  mesh: Mesh,
  settingsFor: SettingsFor,
  options: { ha: boolean; seed: number; fastDataUp: boolean },
): WeakestHost | undefined {
  if (mesh.hosts.length < 3) return undefined;
  const rests = mesh.hosts.map(({ name }): WeakestHost => {
    const rest = without(mesh, [name]);
    const order = ringOrder(rest);
    const settings = settingsFor(rest, order);
    const changes = roughChanges(rest, order, settings, options);
    const { colour } = verdictOf(
      ringFigures(rest, order, settings),
      { mean: changes, highByMeasurement: changes },
      { ...options, beyond: beyondMeasured(rest) },
    );
    return {
      name,
      without: { rotationMs: rotationMs(rest, order), membershipChangesPerDay: changes, verdict: colour },
    };
  });
  return rests.reduce((best, rest) => (isBetter(rest, best) ? rest : best));
}

function isWeaker(a: WeakestPair, b: WeakestPair): boolean {
  const seldom = 0.01;
  if (Math.max(a.linkDownsPerDay, b.linkDownsPerDay) < seldom) return a.rttMs > b.rttMs;
  return a.linkDownsPerDay > b.linkDownsPerDay;
}

/** Fewer changes count where there are changes to speak of and the difference is no noise; else the rotation. */
function isBetter({ without: a }: WeakestHost, { without: b }: WeakestHost): boolean {
  const [fewer, more] = [a, b].map((rest) => rest.membershipChangesPerDay).sort((x, y) => x - y);
  const differ = (more ?? 0) >= GREEN_BELOW && (more ?? 0) > 1.3 * (fewer ?? 0);
  return differ ? a.membershipChangesPerDay === fewer : a.rotationMs < b.rotationMs;
}
