import { run } from "../src/host/run.ts";

export interface Measured {
  /** Median round trip in ms; undefined when nothing came back. */
  readonly medianMs: number | undefined;
  readonly sent: number;
  readonly received: number;
}

/**
 * Pings `address` from inside a network namespace: 10 probes, 5 a second (about 2 s).
 * The first probe is left out of the median: it may have woken a sleeping path.
 */
export async function pingFrom(namespace: string, address: string, count = 10): Promise<Measured> {
  const argv = ["nsenter", `--net=/run/netns/${namespace}`, "--", "ping", "-n", "-c", `${count}`] as const;
  const { stdout } = await run([...argv, "-i", "0.2", "-W", "2", address], {
    timeoutMs: count * 200 + 5_000,
  });
  const times = [...stdout.matchAll(/ time=([\d.]+) ms/g)].map((match) => Number(match[1]));
  return { medianMs: median(times.slice(times.length > 1 ? 1 : 0)), sent: count, received: times.length };
}

/** The middle value, undefined for none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}
