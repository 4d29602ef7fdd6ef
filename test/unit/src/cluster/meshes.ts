import type { Link } from "../../../../src/cluster/latency-matrix.ts";
import type { Mesh } from "../../../../src/cluster/mesh.ts";

/** Hosts h0, h1, ... at the same distance from each other. */
export function evenMesh(count: number, rttMs: number, loss: number, more: Partial<Link> = {}): Mesh {
  return meshOf(count, () => ({ rttMs, loss, ...more }));
}

/** Hosts at sites given by a letter each ("ababab"): RTT 1 ms within a site, `rttMs` between sites. */
export function siteMesh(sites: string, rttMs: number): Mesh {
  return meshOf(sites.length, (from, to) => ({ rttMs: sites[from] === sites[to] ? 1 : rttMs }));
}

export function meshOf(
  count: number,
  link: (from: number, to: number) => Partial<Link> & { rttMs: number },
): Mesh {
  const hosts = Array.from({ length: count }, (_, i) => ({ name: `h${i}` }));
  const links = hosts.map((_, from) =>
    hosts.map((_, to): Link | undefined => {
      if (from === to) return undefined;
      const told = link(from, to);
      return { oneWayMs: told.rttMs / 2, jitterMs: 0, loss: 0, ...told };
    }),
  );
  return { hosts, links };
}

/** The places 0..count-1 in order. */
export function inOrder(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
