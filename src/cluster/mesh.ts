import { UserError } from "../errors.ts";
import type { LatencyMatrix, Link, MatrixHost } from "./latency-matrix.ts";

/** Hosts of which every one reaches every other, with every link known. */
export interface Mesh {
  hosts: readonly MatrixHost[];
  links: readonly (readonly (Link | undefined)[])[];
}

/**
 * The matrix as a full mesh. One dead pair of five hosts made 23 membership changes in 25 s and never settled
 * (corosync.md 1, rule 7), so nothing is forecast for less than a full mesh.
 * @throws UserError E_MATRIX (one host), E_DEAD_PAIR or E_MATRIX_HOLES, naming the pairs.
 */
export function fullMesh(matrix: LatencyMatrix): Mesh {
  const [only] = matrix.hosts;
  if (matrix.hosts.length < 2) {
    throw new UserError(
      "E_MATRIX",
      `The matrix has one host, ${only?.name ?? "none"}: there is no ring of one.`,
      {
        likely: "only one host was measured so far",
        mend: "measure at least two hosts",
      },
    );
  }
  const dead = pairsWhere(matrix, (link) => link !== undefined && (link.loss ?? 0) >= 1);
  if (dead.length > 0) {
    throw new UserError(
      "E_DEAD_PAIR",
      `No packet passes between ${pairList(dead)}. Corosync needs a full mesh: with one dead pair of five hosts it changed its members 23 times in 25 s and never settled.`,
      { likely: "a firewall, a tailnet policy or a router between them", mend: mendFor(matrix, dead) },
    );
  }
  const holes = pairsWhere(matrix, (link) => link === undefined);
  if (holes.length > 0) {
    throw new UserError("E_MATRIX_HOLES", `The matrix says nothing about ${pairList(holes)}.`, {
      likely: "these hosts were not probed from either end",
      mend: mendFor(matrix, holes),
    });
  }
  return matrix;
}

/** The link between two hosts of a mesh. */
export function linkOf(mesh: Mesh, from: number, to: number): Link {
  const link = mesh.links[from]?.[to];
  if (link === undefined) throw new RangeError(`no link from host ${from} to host ${to}`);
  return link;
}

/** Every directed link once, with the places of its hosts. */
export function* linksOf(mesh: Mesh): Generator<{ from: number; to: number; link: Link }> {
  for (const from of mesh.hosts.keys()) {
    for (const to of mesh.hosts.keys()) if (from !== to) yield { from, to, link: linkOf(mesh, from, to) };
  }
}

/** The name of the host at a place. */
export function nameOf(mesh: Pick<Mesh, "hosts">, place: number): string {
  return mesh.hosts[place]?.name ?? `host ${place}`;
}

/**
 * The matrix without some hosts.
 * @throws UserError E_MATRIX where a name is not in it.
 */
export function without<M extends LatencyMatrix>(matrix: M, names: readonly string[]): LatencyMatrix {
  for (const name of names) {
    if (!matrix.hosts.some((host) => host.name === name)) {
      throw new UserError("E_MATRIX", `The matrix has no host ${name}.`, {
        likely: "a slip of the pen",
        mend: `its hosts are ${matrix.hosts.map((host) => host.name).join(", ")}`,
      });
    }
  }
  const stays = (place: number) => !names.includes(nameOf(matrix, place));
  return {
    hosts: matrix.hosts.filter((_, place) => stays(place)),
    links: matrix.links.filter((_, from) => stays(from)).map((row) => row.filter((_, to) => stays(to))),
  };
}

type Pair = readonly [string, string];

function pairsWhere(matrix: LatencyMatrix, test: (link: Link | undefined) => boolean): Pair[] {
  return matrix.hosts.flatMap((a, i) =>
    matrix.hosts.flatMap((b, j): Pair[] =>
      i < j && (test(matrix.links[i]?.[j]) || test(matrix.links[j]?.[i])) ? [[a.name, b.name]] : [],
    ),
  );
}

function pairList(pairs: readonly Pair[]): string {
  const shown = pairs.slice(0, 6).map(([a, b]) => `${a} and ${b}`);
  if (pairs.length > shown.length) shown.push(`${pairs.length - shown.length} more pairs`);
  return shown.join(", ");
}

/** Mend the path, or leave out the fewest hosts (greedily) that rid the matrix of these pairs. */
function mendFor(matrix: LatencyMatrix, pairs: readonly Pair[]): string {
  const out: string[] = [];
  let left = pairs;
  while (left.length > 0) {
    const counts = matrix.hosts.map(({ name }) => left.filter((pair) => pair.includes(name)).length);
    const worst = nameOf(matrix, counts.indexOf(Math.max(...counts)));
    out.push(worst);
    left = left.filter((pair) => !pair.includes(worst));
  }
  const rest = matrix.hosts.length - out.length;
  const instead =
    rest < 2 ? "" : `, or ask about the other ${rest}: ${out.map((name) => `--without ${name}`).join(" ")}`;
  return `mend or measure that path${instead}`;
}
