import type { Finding, Obstacle } from "../../cluster/facts.ts";
import type { ErrorCode } from "../../errors.ts";
import type { TcpAnswer } from "../../host/tcp.ts";
import { rttFigures } from "../../latency/figures.ts";
import type { Path } from "../../tailnet/status.ts";
import type { Phase } from "../talk.ts";
import { ECHOES } from "./icmp.ts";
import type { Own, ReachedPeer } from "./preflight.ts";
import type { UdpSight } from "./udp.ts";

/** What was seen of one peer; times in ms, null where nothing was seen. */
export interface PeerReport {
  readonly name: string;
  readonly address: string;
  readonly node: string | null;
  readonly pve: string | null;
  readonly path: Path;
  readonly echoes: { readonly sent: number; readonly lost: number };
  readonly rttMs: { readonly median: number; readonly p95: number; readonly max: number } | null;
  readonly jitterMs: number | null;
  /** The largest packet that passed unfragmented, of those tried. */
  readonly mtu: number | null;
  readonly tcp: Readonly<Record<string, TcpAnswer["kind"]>>;
  readonly udp: UdpSight | null;
  readonly clock: { readonly aheadMs: number; readonly accuracyMs: number } | null;
  readonly obstacles: readonly Obstacle[];
  readonly unproven: readonly Obstacle[];
  readonly warnings: readonly Finding[];
}

/** The `result` of `tailmox check --json`. */
export interface CheckReport {
  readonly node: string;
  readonly address: string;
  readonly tag: string;
  readonly verdict: "ok" | "failed" | "unproven";
  /** Of what failed, else of what is unproven; null when all is well. */
  readonly code: ErrorCode | null;
  readonly peers: readonly PeerReport[];
  /** What is wrong with this host itself. */
  readonly warnings: readonly Finding[];
}

export function describeCheck(
  own: Own,
  peers: readonly ReachedPeer[],
  warnings: readonly Finding[],
): CheckReport {
  const failed = peers.flatMap(({ reach }) => reach.obstacles);
  const unproven = peers.flatMap(({ reach }) => reach.unproven);
  return {
    node: own.node,
    address: own.address,
    tag: own.tag,
    verdict: outcomeOf(peers).verdict,
    code: commonCode(failed.length > 0 ? failed : unproven) ?? null,
    peers: peers.map(describePeer),
    warnings,
  };
}

/** The code of all of them; where they differ, the one that says least. */
export function commonCode(found: readonly Obstacle[]): ErrorCode | undefined {
  const codes = new Set(found.map(({ code }) => code));
  return codes.size > 1 ? "E_PEER_UNREACHABLE" : [...codes][0];
}

/** The verdict of all in one line. */
export interface Outcome {
  readonly verdict: CheckReport["verdict"];
  readonly words: string;
}

export function outcomeOf(peers: readonly ReachedPeer[]): Outcome {
  const count = (of: readonly unknown[]) => `${of.length} of ${peers.length}`;
  const bad = peers.filter(({ reach }) => reach.obstacles.length > 0);
  if (bad.length > 0) return { verdict: "failed", words: `${count(bad)} peers cannot be clustered with` };
  const open = peers.filter(({ reach }) => reach.unproven.length > 0);
  const reachable = `${count(peers)} reachable, ${ECHOES} echoes each`;
  if (open.length > 0) return { verdict: "unproven", words: `${reachable}; UDP unproven to ${count(open)}` };
  return { verdict: "ok", words: [reachable, ...clockWords(peers)].join(", ") };
}

/** Ends a phase with it: what is unproven is nothing wrong yet. */
export function tellOutcome(phase: Pick<Phase, "ok" | "absent" | "warn">, { verdict, words }: Outcome): void {
  if (verdict === "ok") phase.ok(words);
  else if (verdict === "unproven") phase.absent(words);
  else phase.warn(words);
}

/** How far apart the clocks are at most, as far as was seen; nothing where one was not. */
function clockWords(peers: readonly ReachedPeer[]): string[] {
  const bounds = peers.map(({ reach: { clock } }) => clock && Math.abs(clock.aheadMs) + clock.accuracyMs);
  const most = Math.max(...bounds.map((bound) => bound ?? Number.NaN));
  return Number.isNaN(most) ? [] : [`clocks within ${(most / 1000).toFixed(1)} s`];
}

function describePeer({ node, reach }: ReachedPeer): PeerReport {
  const { echoes, clock } = reach;
  const rtt = rttFigures(echoes.rttMs);
  return {
    name: node.name,
    address: node.address,
    node: reach.node ?? null,
    pve: reach.pve ?? null,
    path: reach.path,
    echoes: { sent: echoes.sent, lost: echoes.sent - echoes.rttMs.length },
    rttMs: rtt ? { median: rtt.median, p95: rtt.p95, max: rtt.max } : null,
    jitterMs: rtt?.jitter ?? null,
    mtu: reach.packets.largest ?? null,
    tcp: Object.fromEntries([...reach.ports].map(([port, { kind }]) => [port, kind])),
    udp: reach.kind === "tried" ? reach.udp : null,
    clock: clock ?? null,
    obstacles: reach.obstacles,
    unproven: reach.unproven,
    warnings: reach.warnings,
  };
}
