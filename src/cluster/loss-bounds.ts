import type { Link } from "./latency-matrix.ts";
import { linksOf, type Mesh } from "./mesh.ts";

/** No loss seen does not mean none: this much is assumed (corosync.md 6.3). */
export const UNSEEN_LOSS = 0.0005;
/** Where nobody measured loss, up to this much is held possible. */
export const UNMEASURED_LOSS = 0.05;
/** One-sided 95 %. */
const Z = 1.645;

/** Which loss of the links to believe: the likely one, or the end of what the measurement leaves open. */
export type LossView = "likely" | "low" | "high";

/** The loss of one direction, a fraction. */
export function lossOf(link: Link, view: LossView): number {
  const likely = likelyLoss(link);
  if (view === "likely") return likely;
  const { low, high } = lossBounds(link);
  return view === "low" ? Math.min(low, likely) : Math.max(high, likely);
}

/**
 * What the probes leave open, 95 % on each side. Without any loss in n probes the bound is 1 - 0.05^(1/n), "three
 * over n"; otherwise Wilson's. A loss that was told without its number of probes is taken as it is.
 */
export function lossBounds(link: Link): { low: number; high: number } {
  if (link.loss === undefined) return { low: 0, high: UNMEASURED_LOSS };
  if (link.sent === undefined) return { low: link.loss, high: Math.max(link.loss, UNSEEN_LOSS) };
  const n = link.sent;
  if ((link.lost ?? 0) === 0) return { low: 0, high: upperBoundOfNone(n) };
  const share = link.loss;
  const centre = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const spread = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return { low: Math.max(0, centre - spread), high: Math.min(0.999, centre + spread) };
}

/** The most loss that n probes without any can hide, 95 %. */
export function upperBoundOfNone(probes: number): number {
  return 1 - 0.05 ** (1 / probes);
}

/** The fewest probes behind any link of the mesh; undefined where one is not told. */
export function fewestProbes(mesh: Mesh): number | undefined {
  let fewest = Number.POSITIVE_INFINITY;
  for (const { link } of linksOf(mesh)) {
    if (link.loss === undefined || link.sent === undefined) return undefined;
    fewest = Math.min(fewest, link.sent);
  }
  return fewest;
}

function likelyLoss(link: Link): number {
  if (link.loss !== undefined && link.loss > 0) return Math.min(0.999, link.loss);
  // Half a lost probe, where so many were sent that they say more than the assumption does.
  return link.sent === undefined ? UNSEEN_LOSS : Math.min(UNSEEN_LOSS, 0.5 / link.sent);
}
