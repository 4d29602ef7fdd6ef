import type { Reader } from "./host.ts";
import { assertPresent } from "./missing-tool.ts";
import { parseEchoes } from "./ping.ts";

/** Which of the tried packets got through unfragmented; sizes in bytes with the headers of IP and ICMP. */
export interface PacketSizes {
  readonly tried: readonly number[];
  /** undefined: none. */
  readonly largest: number | undefined;
  /** The MTU of this host's own interface, where it did not even let the larger ones out. */
  readonly ownMtu: number | undefined;
}

/**
 * Three unfragmentable echoes of each size, all sizes at once, 3 s at most; one that comes back is enough, since
 * what is lost by chance says nothing of sizes. Throws E_TOOL_MISSING without ping.
 */
export async function tryPacketSizes(
  reader: Reader,
  address: string,
  tried: readonly number[],
): Promise<PacketSizes> {
  const answers = await Promise.all(
    tried.map(async (size) => {
      const packets = ["-c", "3", "-i", "0.3", "-W", "2", "-M", "do", "-s", String(size - HEADERS)];
      const result = await reader.run(["ping", "-n", ...packets, address], { timeoutMs: 6_000 });
      const { stdout, stderr } = assertPresent(result, "iputils-ping");
      return { size, passed: parseEchoes(stdout).length > 0, ownMtu: parseOwnMtu(stdout + stderr) };
    }),
  );
  const passed = answers.flatMap((answer) => (answer.passed ? [answer.size] : []));
  return {
    tried,
    largest: passed.length === 0 ? undefined : Math.max(...passed),
    ownMtu: answers.find(({ ownMtu }) => ownMtu !== undefined)?.ownMtu,
  };
}

/** "ping: local error: message too long, mtu=1200", as iputils says it; undefined where it does not. */
export function parseOwnMtu(text: string): number | undefined {
  const mtu = /local error: message too long, mtu[=: ]+(\d+)/i.exec(text)?.[1];
  return mtu === undefined ? undefined : Number(mtu);
}

/** 20 bytes of IPv4, 8 of ICMP. */
const HEADERS = 28;
