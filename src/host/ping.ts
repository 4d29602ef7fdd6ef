import type { Reader } from "./host.ts";
import { assertPresent } from "./missing-tool.ts";

/** Echoes to one address: round-trip times in ms, in the order of the answers. */
export interface Echoes {
  readonly sent: number;
  readonly rttMs: readonly number[];
  /** What was said instead of an answer, such as "Destination Host Prohibited"; undefined: silence. */
  readonly refusal?: string | undefined;
}

/**
 * `count` ICMP echoes, after one more that is not counted: the first pays for what the path has forgotten meanwhile.
 * Takes `count * intervalMs`, and 2 s more where none comes back. Throws E_TOOL_MISSING without ping.
 */
export async function pingHost(
  reader: Reader,
  address: string,
  count: number,
  intervalMs = 200,
): Promise<Echoes> {
  const times = ["-c", String(count + 1), "-i", String(intervalMs / 1000), "-W", "2"];
  const result = await reader.run(["ping", "-n", ...times, address], {
    timeoutMs: count * intervalMs + 6_000,
  });
  const { stdout, stderr } = assertPresent(result, "iputils-ping");
  const rttMs = parseEchoes(stdout).flatMap(({ seq, ms }) => (seq > 1 ? [ms] : []));
  const refusal = parsePingRefusal(stdout, stderr);
  return { sent: count, rttMs, ...(refusal !== undefined && { refusal }) };
}

/** The echoes in the output of iputils' ping: number and round-trip time. */
export function parseEchoes(text: string): { seq: number; ms: number }[] {
  return [...text.matchAll(/ icmp_seq=(\d+) .*time=([\d.]+) ms$/gm)].map(([, seq, ms]) => ({
    seq: Number(seq),
    ms: Number(ms),
  }));
}

/** What a router, the other host or the own kernel said in the place of an echo; undefined of silence. */
export function parsePingRefusal(stdout: string, stderr: string): string | undefined {
  const answered = /^From (\S+) icmp_seq=\d+ (.+)$/m.exec(stdout);
  if (answered) return `${answered[2]} (from ${answered[1]})`;
  return /^ping: (.+)$/m.exec(stderr)?.[1];
}
