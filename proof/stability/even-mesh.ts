import type { Mesh } from "../../src/cluster/mesh.ts";

/** Hosts that are all equally far from each other, with as much loss in every direction. */
export function evenMesh(count: number, rttMs: number, loss: number): Mesh {
  const hosts = Array.from({ length: count }, (_, index) => ({ name: `h${index + 1}` }));
  const link = { rttMs, oneWayMs: rttMs / 2, jitterMs: 0, loss };
  return { hosts, links: hosts.map((_, from) => hosts.map((_, to) => (from === to ? undefined : link))) };
}
