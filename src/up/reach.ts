import type { Finding, Obstacle } from "../cluster/facts.ts";
import type { Host } from "../host/host.ts";
import { type Echoes, pingHost } from "../host/ping.ts";
import { type TcpAnswer, tryTcp } from "../host/tcp.ts";
import { wakePath } from "../tailnet/ping.ts";
import type { Path, TailnetNode } from "../tailnet/status.ts";

/** What was seen between this host and one peer. */
export interface Reach {
  readonly path: Path;
  readonly echoes: Echoes;
  readonly ports: ReadonlyMap<number, TcpAnswer>;
  /** Each thing that a cluster needs and that was not seen to work: what was tried, what came back. */
  readonly obstacles: readonly Obstacle[];
  readonly unproven: readonly Obstacle[];
  readonly warnings: readonly Finding[];
}

/** Tries everything to one peer, bounded to about 12 s; all peers are tried at once. */
export async function tryPeer(host: Host, peer: TailnetNode, address: string): Promise<Reach> {
  if (!peer.online) {
    const obstacles = ["offline, as the control server says"];
    return {
      path: { kind: "unknown" },
      echoes: { sent: 0, rttMs: [] },
      ports: new Map(),
      ...found(obstacles),
    };
  }
  // First contact goes by a relay while a direct path is looked for: it must not be judged (tailscale.md 6.3).
  const pongs = await wakePath(host, address, 4);
  if (pongs.length === 0) {
    // What the daemons cannot do, nothing above them can: one finding, and not five that follow from it.
    const obstacles = ["no answer to 4 pings between the two tailscaled: it is off, or just gone"];
    return {
      path: { kind: "unknown" },
      echoes: { sent: 0, rttMs: [] },
      ports: new Map(),
      ...found(obstacles),
    };
  }
  const [echoes, ...answers] = await Promise.all([
    pingHost(host, address, ECHOES),
    ...PORTS.map((port) => tryTcp(address, port)),
  ]);
  const ports = new Map<number, TcpAnswer>();
  for (const [index, answer] of answers.entries()) ports.set(PORTS[index] ?? 0, answer);
  const obstacles = [
    ...(echoes.rttMs.length === 0 ? [`ICMP: none of ${echoes.sent} echoes came back`] : []),
    ...PORTS.flatMap((port) => tcpObstacle(port, ports.get(port))),
  ];
  return { path: pongs.at(-1)?.path ?? { kind: "unknown" }, echoes, ports, ...found(obstacles) };
}

function found(words: readonly string[]): Pick<Reach, "obstacles" | "unproven" | "warnings"> {
  const common = { check: "reach", code: "E_PEER_UNREACHABLE", likely: "", mend: "" } as const;
  return { obstacles: words.map((what) => ({ ...common, what })), unproven: [], warnings: [] };
}

/** The middle value; undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

const ECHOES = 6;
const PORTS = [22, 8006] as const;
const SERVICES: Record<number, string> = { 22: "sshd", 8006: "pveproxy" };

function tcpObstacle(port: number, answer: TcpAnswer | undefined): string[] {
  switch (answer?.kind) {
    case "open":
      return [];
    case "refused":
      return [`TCP ${port}: refused, ${SERVICES[port]} does not listen there`];
    case "silent":
      return [
        `TCP ${port}: silence for ${answer.afterMs / 1000} s: something between drops it, ` +
          "most likely the tailnet policy",
      ];
    case "failed":
      return [`TCP ${port}: ${answer.reason}`];
    case undefined:
      return [`TCP ${port}: not tried`];
  }
}
