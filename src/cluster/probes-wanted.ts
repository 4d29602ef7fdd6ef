import { GREEN_BELOW } from "./forecast-verdict.ts";
import type { Link } from "./latency-matrix.ts";
import type { MembershipChanges } from "./membership-changes.ts";
import { roughChanges } from "./membership-changes.ts";
import type { Mesh } from "./mesh.ts";
import type { TotemSettings } from "./totem.ts";

/** So many probes a second and link are gentle. */
const PROBES_PER_SECOND = 10;

/** How many probes per link would bound the changes, if they find no more loss than those before. */
export interface ProbesWanted {
  probes: number;
  minutes: number;
  /** The bound they would give, changes a day. */
  wouldBound: number;
}

/** Undefined where the measurement is no limit to the forecast, or nobody told how many probes it had. */
export function probesWanted(
  mesh: Mesh,
  order: readonly number[],
  settings: TotemSettings,
  { mean, highByMeasurement }: MembershipChanges,
  options: { seed: number; fastDataUp: boolean },
): ProbesWanted | undefined {
  const sent = mesh.links.flat().flatMap((link) => (link?.sent === undefined ? [] : [link.sent]));
  const goal = Math.max(GREEN_BELOW, 2 * mean);
  if (sent.length === 0 || highByMeasurement < goal) return undefined;
  for (const probes of [300, 1_000, 3_000, 10_000, 30_000, 100_000]) {
    if (probes <= Math.min(...sent)) continue;
    const bound = roughChanges(measuredBetter(mesh, probes), order, settings, { ...options, losses: "high" });
    if (bound < goal)
      return { probes, minutes: Math.ceil(probes / PROBES_PER_SECOND / 60), wouldBound: bound };
  }
  return undefined;
}

function measuredBetter(mesh: Mesh, probes: number): Mesh {
  const better = (link: Link): Link => {
    const loss = link.loss ?? 0;
    return { ...link, loss, sent: probes, lost: Math.ceil(loss * probes) };
  };
  return { hosts: mesh.hosts, links: mesh.links.map((row) => row.map((link) => link && better(link))) };
}
