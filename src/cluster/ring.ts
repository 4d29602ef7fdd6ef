import { linkOf, type Mesh, nameOf } from "./mesh.ts";
import { EXACT_PLACES, exactTour, tourLength } from "./shortest-tour.ts";
import { searchTour } from "./tour-search.ts";

/** A difference below this is rounding, ms. */
const SAME_MS = 1e-6;

/**
 * The places of the hosts in the order in which the token visits them: ascending nodeid (corosync.md 3.1); hosts
 * without nodeid come after those that have one, in the order of the file.
 */
export function ringOrder(mesh: Pick<Mesh, "hosts">): number[] {
  const id = (place: number) => mesh.hosts[place]?.nodeid ?? Number.POSITIVE_INFINITY;
  return [...mesh.hosts.keys()].sort((a, b) => (id(a) === id(b) ? a - b : id(a) - id(b)));
}

/**
 * One turn of the token without loss, ms: the sum of one-way delays along the ring. Corosync's own work per host
 * (0.3 to 1 ms in a lab whose relay is part of it, corosync.md 2) is not added; a measured RTT holds most of it.
 */
export function rotationMs(mesh: Mesh, order: readonly number[]): number {
  if (order.length < 2) return 0;
  return tourLength(order, (from, to) => linkOf(mesh, from, to).oneWayMs);
}

/** The names along a ring. */
export function ringNames(mesh: Pick<Mesh, "hosts">, order: readonly number[]): string[] {
  return order.map((place) => nameOf(mesh, place));
}

/**
 * The order with the shortest rotation: exact to 12 hosts, searched beyond; it starts with the best connected host,
 * whose id shall be the lowest (it names the ring and holds the idle token, corosync.md 8).
 */
export function bestRing(mesh: Mesh): { order: number[]; rotationMs: number; exact: boolean } {
  const cost = (from: number, to: number) => linkOf(mesh, from, to).oneWayMs;
  const count = mesh.hosts.length;
  const exact = count <= EXACT_PLACES;
  const found = exact ? exactTour(count, cost) : searchTour(count, cost);
  const there = startingAt(found, bestConnected(mesh));
  const back = startingAt([...found].reverse(), bestConnected(mesh));
  // Where both directions are equal, the one that goes to the near neighbour first, then the one like the file.
  const first = (tour: readonly number[]) => cost(tour[0] ?? 0, tour[1] ?? 0);
  const gains = [tourLength(there, cost) - tourLength(back, cost), first(there) - first(back)];
  const gain = gains.find((difference) => Math.abs(difference) > SAME_MS) ?? (there[1] ?? 0) - (back[1] ?? 0);
  const order = gain > 0 ? back : there;
  return { order, rotationMs: rotationMs(mesh, order), exact };
}

/** The host with the least loss to the others (to a tenth of a per cent), then the shortest mean RTT. */
export function bestConnected(mesh: Mesh): number {
  const peers = (place: number) => [...mesh.hosts.keys()].filter((peer) => peer !== place);
  const mean = (place: number, of: (from: number, to: number) => number) =>
    peers(place).reduce((sum, peer) => sum + of(place, peer) + of(peer, place), 0) /
    (2 * peers(place).length);
  const loss = (place: number) =>
    Math.round(mean(place, (from, to) => linkOf(mesh, from, to).loss ?? 0) * 1000);
  const rtt = (place: number) => mean(place, (from, to) => linkOf(mesh, from, to).rttMs);
  return [...mesh.hosts.keys()].reduce((best, place) =>
    loss(place) < loss(best) || (loss(place) === loss(best) && rtt(place) < rtt(best) - SAME_MS)
      ? place
      : best,
  );
}

function startingAt(tour: readonly number[], place: number): number[] {
  const at = tour.indexOf(place);
  return [...tour.slice(at), ...tour.slice(0, at)];
}
