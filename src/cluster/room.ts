import { type Colour, verdictOf } from "./forecast-verdict.ts";
import type { Link } from "./latency-matrix.ts";
import { roughChanges } from "./membership-changes.ts";
import { linksOf, type Mesh } from "./mesh.ts";
import { ringOrder } from "./ring.ts";
import { ringFigures } from "./ring-figures.ts";
import type { SettingsFor } from "./weakest.ts";

/** Clusters beyond this size were not looked at. */
export const MOST_HOSTS = 32;

/**
 * How many more hosts fit before the verdict gets worse than `colour`, each as far from all others as the median
 * pair and as lossy; each adds one such hop to the ring.
 */
export function moreHostsThatFit(
  mesh: Mesh,
  settingsFor: SettingsFor,
  options: { colour: Colour; ha: boolean; seed: number; fastDataUp: boolean },
): number {
  const { colour } = options;
  if (colour === "red") return 0;
  const typical = medianLink(mesh);
  let larger = mesh;
  for (let more = 0; ; more++) {
    if (larger.hosts.length >= MOST_HOSTS) return more;
    larger = oneMore(larger, typical);
    const order = ringOrder(larger);
    const settings = settingsFor(larger, order);
    const changes = roughChanges(larger, order, settings, options);
    const figures = ringFigures(larger, order, settings);
    const verdict = verdictOf(figures, { mean: changes, highByMeasurement: changes }, options);
    if (verdict.colour === "red" || (colour === "green" && verdict.colour === "amber")) return more;
  }
}

function oneMore(mesh: Mesh, link: Link): Mesh {
  const rows = mesh.links.map((row) => [...row, link]);
  return {
    hosts: [...mesh.hosts, { name: `one more (${mesh.hosts.length + 1})` }],
    links: [...rows, [...mesh.hosts.map(() => link), undefined]],
  };
}

function medianLink(mesh: Mesh): Link {
  const links = [...linksOf(mesh)].map(({ link }) => link).sort((a, b) => a.rttMs - b.rttMs);
  const middle = links[Math.floor(links.length / 2)];
  if (middle === undefined) throw new RangeError("a mesh of one host");
  return { ...middle, oneWayMs: middle.rttMs / 2 };
}
