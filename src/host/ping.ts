import type { Reader } from "./host.ts";
import { assertPresent } from "./missing-tool.ts";

/** Echoes to one address: round-trip times in ms, in the order of the answers. */
export interface Echoes {
  readonly sent: number;
  readonly rttMs: readonly number[];
}

/**
 * `count` ICMP echoes, five a second, after one more that is not counted: the first pays for what the path
 * has forgotten meanwhile. Throws E_TOOL_MISSING without ping.
 */
export async function pingHost(reader: Reader, address: string, count: number): Promise<Echoes> {
  const argv = ["ping", "-n", "-c", String(count + 1), "-i", "0.2", "-W", "3", address] as const;
  const result = assertPresent(await reader.run(argv, { timeoutMs: 10_000 }), "iputils-ping");
  const counted = parseEchoes(result.stdout).filter(({ seq }) => seq > 1);
  return { sent: count, rttMs: counted.map(({ ms }) => ms) };
}

/** The echoes in the output of iputils' ping: number and round-trip time. */
export function parseEchoes(text: string): { seq: number; ms: number }[] {
  return [...text.matchAll(/ icmp_seq=(\d+) .*time=([\d.]+) ms$/gm)].map(([, seq, ms]) => ({
    seq: Number(seq),
    ms: Number(ms),
  }));
}
