/** What `corosync-cmapctl` printed: values by key. Strings stay strings. */
export type Cmap = ReadonlyMap<string, string>;

/** Reads its lines, `KEY (TYPE) = VALUE`; anything else is passed over. Source: corosync.md 11. */
export function parseCmap(text: string): Cmap {
  return new Map(
    [...text.matchAll(/^(\S+) \(\w+\) = (.*)$/gm)].map(([, key = "", value = ""]) => [key, value.trim()]),
  );
}

/** One link as the knet of a host counts it since corosync started. */
export interface KnetStats {
  readonly connected: boolean;
  /** Mean round trip over up to 2048 pings, ms; undefined before the first. */
  readonly rttMs: number | undefined;
  /** How often it was called down. */
  readonly downs: number;
  /** Bytes of data in one packet; 469 until it was discovered. */
  readonly dataMtu: number;
}

/** Link 0 to each other node, by nodeid. The own node's entry is loopback and is left out. */
export function knetStats(stats: Cmap): ReadonlyMap<number, KnetStats> {
  const found = new Map<number, KnetStats>();
  for (const [key, value] of stats) {
    const id = /^stats\.knet\.node(\d+)\.link0\.connected$/.exec(key)?.[1];
    if (id === undefined) continue;
    const figure = (name: string) => Number(stats.get(`stats.knet.node${id}.link0.${name}`) ?? 0);
    // The loopback's MTU (corosync.md 11).
    if (figure("mtu") === 65_535) continue;
    found.set(Number(id), {
      connected: value === "1",
      // latency_ave is in microseconds.
      rttMs: figure("latency_samples") > 0 ? figure("latency_ave") / 1000 : undefined,
      downs: figure("down_count"),
      dataMtu: figure("mtu"),
    });
  }
  return found;
}
