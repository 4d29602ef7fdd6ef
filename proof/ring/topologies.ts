import { seededRandom } from "../../src/cluster/random.ts";

/** Hosts at places: delays by the letters of their sites, or each way its own. */
export interface Topology {
  readonly name: string;
  readonly hosts: number;
  readonly oneWayMs: (from: number, to: number) => number;
  /** The order of the ids that an administrator may get, by place, with a word for it. */
  readonly orders: Readonly<Record<string, readonly number[]>>;
}

/** Two sites and three, hosts all alike and scattered, and delays that differ by direction. RTTs in ms. */
export const TOPOLOGIES: readonly Topology[] = [
  sites("3 hosts, three sites", "abc", { ab: 40, bc: 90, ac: 120 }),
  oneWayStreet("3 hosts, one direction dear", 3),
  sites("5 hosts, two sites", "ababa", { ab: 100 }),
  sites("5 hosts, three sites", "abcab", { ab: 40, bc: 90, ac: 120 }),
  scattered("5 hosts, scattered, directions differ", 5, 3),
  sites("5 hosts, all alike", "abcde", {}, 150),
  sites("7 hosts, two sites", "abababa", { ab: 100 }),
  sites("7 hosts, three sites", "abcabca", { ab: 40, bc: 90, ac: 120 }),
  scattered("7 hosts, scattered, directions differ", 7, 5),
  sites("7 hosts, all alike", "abcdefg", {}, 50),
];

/** RTT 2 ms within a site. */
function sites(name: string, letters: string, rtts: Readonly<Record<string, number>>, others = 50): Topology {
  const rtt = (a: string, b: string) => (a === b ? 2 : (rtts[[a, b].sort().join("")] ?? others));
  const places = [...letters].map((letter, place) => ({ letter, place }));
  return {
    name,
    hosts: letters.length,
    oneWayMs: (from, to) => rtt(letters[from] ?? "", letters[to] ?? "") / 2,
    orders: {
      // In the order of the file, where neighbours are never of one site.
      alternating: places.map(({ place }) => place),
      grouped: places.toSorted((a, b) => (a.letter < b.letter ? -1 : 1)).map(({ place }) => place),
    },
  };
}

/** Round one way every hop takes 10 ms, round the other 60. */
function oneWayStreet(name: string, hosts: number): Topology {
  const order = Array.from({ length: hosts }, (_, place) => place);
  return {
    name,
    hosts,
    oneWayMs: (from, to) => ((from + 1) % hosts === to ? 60 : 10),
    orders: { "the dear way round": order },
  };
}

/** Places in a square 60 ms wide; each direction up to a fifth more or less. */
function scattered(name: string, hosts: number, seed: number): Topology {
  const random = seededRandom(seed);
  const at = Array.from({ length: hosts }, () => ({ x: random() * 60, y: random() * 60 }));
  const skew = Array.from({ length: hosts * hosts }, () => 0.8 + random() * 0.4);
  return {
    name,
    hosts,
    oneWayMs: (from, to) => {
      const [a, b] = [at[from], at[to]];
      if (!a || !b) return 0;
      return 2 + Math.hypot(a.x - b.x, a.y - b.y) * (skew[from * hosts + to] ?? 1);
    },
    orders: { "as they came": at.map((_, place) => place) },
  };
}
