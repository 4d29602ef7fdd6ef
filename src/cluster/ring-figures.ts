import { effectivePingIntervalMs } from "./knet-link.ts";
import { lossOf } from "./loss-bounds.ts";
import { linkOf, linksOf, type Mesh, nameOf } from "./mesh.ts";
import { rotationMs } from "./ring.ts";
import { lossesThatBreak, lossyRotation, tokenWaitMs } from "./token-loss.ts";
import { type TotemSettings, type TotemTimers, totemTimers } from "./totem.ts";

/** What the closed forms say of a ring; times in ms. */
export interface RingFigures {
  rotationMs: number;
  timers: TotemTimers;
  /** A small change in /etc/pve without loss: two rotations (proxmox.md 2.1). */
  fileChangeMs: number;
  /** Until a message that a host sends is agreed, with the loss of the links. */
  writeLatencyMs: { mean: number; p99: number };
  /** Nobody can write for so long, after a power cut and after a clean stop of one host. */
  outageMs: { crash: number; leave: number };
  /** A join: writes stall for `stall`; the joiner serves after `usable`. */
  joinMs: { stall: number; usable: number };
  /** Token packets that one rotation may lose. */
  survivesLosses: number;
  /** Total silence of one pair that costs nothing. */
  survivesOutageMs: number;
  /** Why corosync cannot hold a ring at all with these settings; empty where it can. */
  impossible: string[];
}

/** The closed forms of corosync.md 2, checked there against runs of real corosync (chapter 19 E). */
export function ringFigures(mesh: Mesh, order: readonly number[], settings: TotemSettings): RingFigures {
  const timers = totemTimers(settings, mesh.hosts.length);
  const turn = rotationMs(mesh, order);
  const survivors = longestSurvivorsRing(mesh, order);
  const breaking = lossesThatBreak(timers.tokenMs, turn, timers.retransmitMs);
  const hopLoss = order.map((from, i) =>
    lossOf(linkOf(mesh, from, order[(i + 1) % order.length] ?? from), "likely"),
  );
  const shortestRtt = Math.min(...[...linksOf(mesh)].map(({ link }) => link.rttMs));
  return {
    rotationMs: turn,
    timers,
    fileChangeMs: 2 * turn,
    writeLatencyMs: tokenWaitMs(
      workedRotationMs(turn, order.length),
      timers.retransmitMs,
      lossyRotation(hopLoss, breaking),
    ),
    outageMs: {
      crash: timers.tokenMs + timers.consensusMs + 15 * survivors,
      // 15..16 x R' and what does not depend on distance; fitted to corosync.md 19 E and stability-endings.json.
      leave: 245 + 15.1 * survivors,
    },
    joinMs: { stall: 16 * turn, usable: 3 * effectivePingIntervalMs(timers) + 16 * turn },
    survivesLosses: Math.max(0, breaking - 1),
    survivesOutageMs: Math.max(
      0,
      Math.min(timers.tokenMs - turn - timers.retransmitMs, timers.pingTimeoutMs + 2 * shortestRtt),
    ),
    impossible: whyImpossible(mesh, timers, turn),
  };
}

/** A rotation with corosync's own work on each host: 0.3 to 1 ms (corosync.md 2, docs/evidence/ring.json). */
export function workedRotationMs(rotation: number, hosts: number): number {
  return rotation + 0.3 * hosts;
}

/** Of all rings with one host less the longest. */
function longestSurvivorsRing(mesh: Mesh, order: readonly number[]): number {
  return Math.max(
    ...order.map((gone) =>
      rotationMs(
        mesh,
        order.filter((place) => place !== gone),
      ),
    ),
  );
}

function whyImpossible(mesh: Mesh, timers: TotemTimers, turn: number): string[] {
  const reasons: string[] = [];
  if (turn >= timers.tokenMs) {
    reasons.push(
      `one rotation takes ${Math.round(turn)} ms, the token is given up after ${timers.tokenMs} ms`,
    );
  }
  for (const { from, to, link } of linksOf(mesh)) {
    if (from > to || link.rttMs < timers.pingTimeoutMs) continue;
    reasons.push(
      `${nameOf(mesh, from)} and ${nameOf(mesh, to)} are ${Math.round(link.rttMs)} ms apart: knet throws away pongs later than ${timers.pingTimeoutMs} ms, so that link never comes up`,
    );
  }
  return reasons;
}
