import { type Cmap, type KnetStats, knetStats, parseCmap } from "../corosync/cmap.ts";
import type { Argv, Reader } from "../host/host.ts";
import { assertPresent, isMissing } from "../host/missing-tool.ts";
import { parseStatus } from "../tailnet/status.ts";
import { pathWords } from "../up/preflight-table.ts";
import type { Pace } from "./pace.ts";

/** What one host saw of another. */
export interface Sight {
  /** Echoes sent, and the round trips of those that came back, ms. */
  readonly sent: number;
  readonly rttMs: readonly number[];
  /** The largest packet tried that passed unfragmented; undefined where none did. */
  readonly mtu: number | undefined;
  /** Of Tailscale; undefined where the address is none of its. */
  readonly path: string | undefined;
}

export interface HostSights {
  readonly byAddress: ReadonlyMap<string, Sight>;
  /** Corosync's own view by nodeid; empty where it does not run. */
  readonly knet: ReadonlyMap<number, KnetStats>;
  /** Its version as dpkg has it; undefined where it is not installed. */
  readonly libknet: string | undefined;
}

/** Sizes on the wire: Tailscale's own MTU, and what passes where that does not (corosync.md 5.4). */
const MTU_SIZES = [1280, 1200] as const;

/**
 * Probes all addresses from one host at once: wakes the paths, sends echoes, tries packet sizes, and asks Tailscale and
 * corosync what they know. One command each, whatever the number of addresses: sshd allows ten at a time. Paths that
 * carry something all the time are `awake`.
 * Throws E_TOOL_MISSING without ping.
 */
export async function probeFrom(
  reader: Reader,
  addresses: readonly string[],
  pace: Pace,
  { awake = false } = {},
): Promise<HostSights> {
  if (!awake) await wakePaths(reader, addresses);
  const [echoes, mtu, tailnet, stats, libknet] = await Promise.all([
    sendEchoes(reader, addresses, pace),
    largestPackets(reader, addresses),
    reader.run(["tailscale", "status", "--json"], { timeoutMs: 10_000 }),
    reader.run(["corosync-cmapctl", "-m", "stats"], { timeoutMs: 10_000 }),
    reader.run(["dpkg-query", "-W", "libknet1*"], { timeoutMs: 10_000 }),
  ]);
  const paths = new Map(parseStatus(tailnet.stdout)?.peers.map(({ address, path }) => [address, path]));
  const byAddress = new Map(
    addresses.map((address): [string, Sight] => {
      const path = paths.get(address);
      const seen = echoes.get(address) ?? { sent: 0, rttMs: [] };
      return [address, { ...seen, mtu: mtu.get(address), path: path && pathWords(path) }];
    }),
  );
  const cmap: Cmap = parseCmap(isMissing(stats) ? "" : stats.stdout);
  return { byAddress, knet: knetStats(cmap), libknet: /^libknet1\S*\t(\S+)$/m.exec(libknet.stdout)?.[1] };
}

/**
 * First contact goes by a relay while a direct path is looked for: it must neither be measured nor carry a login
 * (tailscale.md 6.3). Up to 12 s where nothing answers.
 */
export async function wakePaths(reader: Reader, addresses: readonly string[]): Promise<void> {
  await reader.run([...EACH, "tailscale", "ping", "-c", "3", "--timeout=2s", "{}"], {
    input: addresses.join("\n"),
    timeoutMs: 12_000,
  });
}

/** One process for each address, 64 at a time; ping and tailscale name the address in every line. */
const EACH = ["xargs", "-P", "64", "-I", "{}"] as const;

async function sendEchoes(
  reader: Reader,
  addresses: readonly string[],
  { count, intervalMs }: Pace,
): Promise<Map<string, { sent: number; rttMs: number[] }>> {
  const times = ["-c", String(count + 1), "-i", String(intervalMs / 1000), "-W", "3"];
  const argv: Argv = [...EACH, "ping", "-n", ...times, "{}"];
  const result = await reader.run(argv, {
    input: addresses.join("\n"),
    timeoutMs: count * intervalMs + 10_000,
  });
  assertPresent(result, "iputils-ping");
  const seen = parseEchoLines(result.stdout);
  // xargs gives 123 when an address did not answer. Anything else but 0: it was cut short, and the rest never sent.
  const isWhole = result.exitCode === 0 || result.exitCode === 123;
  return new Map(
    addresses.map((address) => {
      // The first pays for what the path has forgotten meanwhile.
      const answers = (seen.get(address) ?? []).filter(({ seq }) => seq > 1);
      const sent = isWhole ? count : Math.max(0, ...answers.map(({ seq }) => seq - 1));
      return [address, { sent, rttMs: answers.map(({ ms }) => ms) }];
    }),
  );
}

async function largestPackets(reader: Reader, addresses: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  let left = addresses.filter((address) => !address.includes(":"));
  for (const size of MTU_SIZES) {
    // One packet; where it is lost, that may be chance: two more.
    for (const count of ["1", "2"]) {
      if (left.length === 0) return found;
      const payload = String(size - 28);
      const argv: Argv = [
        ...EACH,
        "ping",
        "-n",
        "-c",
        count,
        "-i",
        "0.5",
        "-W",
        "2",
        "-M",
        "do",
        "-s",
        payload,
        "{}",
      ];
      const { stdout } = await reader.run(argv, { input: left.join("\n"), timeoutMs: 10_000 });
      for (const address of parseEchoLines(stdout).keys()) found.set(address, size);
      left = left.filter((address) => !found.has(address));
    }
  }
  return found;
}

/** The echoes in the mixed output of several pings, by address. */
export function parseEchoLines(text: string): Map<string, { seq: number; ms: number }[]> {
  const found = new Map<string, { seq: number; ms: number }[]>();
  for (const [, address = "", seq, ms] of text.matchAll(
    /^\d+ bytes from (\S+): icmp_seq=(\d+) .*time=([\d.]+) ms$/gm,
  )) {
    const list = found.get(address) ?? [];
    list.push({ seq: Number(seq), ms: Number(ms) });
    found.set(address, list);
  }
  return found;
}
