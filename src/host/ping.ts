import type { Reader } from "./host.ts";
import { assertPresent } from "./missing-tool.ts";

/** Echoes to one address: round-trip times in ms, in the order of the answers. */
export interface Echoes {
  readonly sent: number;
  readonly rttMs: readonly number[];
}

/** `count` ICMP echoes, five a second. Throws E_TOOL_MISSING without ping. */
export async function pingHost(reader: Reader, address: string, count: number): Promise<Echoes> {
  const argv = ["ping", "-n", "-c", String(count), "-i", "0.2", "-W", "3", address] as const;
  const result = assertPresent(await reader.run(argv, { timeoutMs: 10_000 }), "iputils-ping");
  return { sent: count, rttMs: parseEchoes(result.stdout) };
}

/** The round-trip times in the output of iputils' ping. */
export function parseEchoes(text: string): number[] {
  return [...text.matchAll(/ time=([\d.]+) ms$/gm)].map((match) => Number(match[1]));
}
