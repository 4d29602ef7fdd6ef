import { type KnetLink, linkDownRate } from "./knet-link.ts";
import { type LossView, lossOf } from "./loss-bounds.ts";
import { linkOf, linksOf, type Mesh } from "./mesh.ts";
import { rotationMs } from "./ring.ts";
import { type LossyRotation, lossesThatBreak, lossyRotation } from "./token-loss.ts";
import { type TotemSettings, type TotemTimers, totemTimers } from "./totem.ts";

export const DAY_MS = 86_400_000;

/** One hop of the ring: the token goes from a host to the next, seen through two links. */
export interface Hop {
  delayMs: number;
  /** Loss of the token's own direction. */
  loss: number;
  /** The sender's sight of the receiver: while down, nothing is sent. */
  sender: KnetLink;
  /** The receiver's sight of the sender: while down, what comes is thrown away. */
  receiver: KnetLink;
}

/** Everything that the stability of one ring follows from. Times in ms. */
export interface StabilityModel {
  hops: readonly Hop[];
  timers: TotemTimers;
  rotationMs: number;
  meanRotationMs: number;
  rotation: LossyRotation;
  /** libknet >= 1.27: data after the first pong brings a link up (corosync.md 5.1). */
  fastDataUp: boolean;
  /** How often any host calls any other down, a day. */
  linkDownsPerDay: number;
}

/** Prepares a ring for the closed form below and for simulateRing. */
export function stabilityModel(
  mesh: Mesh,
  order: readonly number[],
  settings: TotemSettings,
  { losses = "likely", fastDataUp = false }: { losses?: LossView; fastDataUp?: boolean } = {},
): StabilityModel {
  const timers = totemTimers(settings, mesh.hosts.length);
  const hops = order.map((from, i): Hop => {
    const to = order[(i + 1) % order.length] ?? from;
    const { oneWayMs } = linkOf(mesh, from, to);
    const loss = lossOf(linkOf(mesh, from, to), losses);
    return {
      delayMs: oneWayMs,
      loss,
      sender: knetLink(mesh, from, to, losses),
      receiver: knetLink(mesh, to, from, losses),
    };
  });
  const turn = rotationMs(mesh, order);
  const most = lossesThatBreak(timers.tokenMs, turn, timers.retransmitMs);
  const rotation = lossyRotation(
    hops.map(({ loss }) => loss),
    most,
  );
  let downs = 0;
  for (const { from, to } of linksOf(mesh)) downs += linkDownRate(knetLink(mesh, from, to, losses), timers);
  return {
    hops,
    timers,
    rotationMs: turn,
    meanRotationMs: turn + rotation.meanLosses * timers.retransmitMs,
    rotation,
    fastDataUp,
    linkDownsPerDay: downs * DAY_MS,
  };
}

/** How often one host is expected to call the link to another down, a day. */
export function linkDownsPerDay(mesh: Mesh, settings: TotemSettings, from: number, to: number): number {
  return linkDownRate(knetLink(mesh, from, to, "likely"), totemTimers(settings, mesh.hosts.length)) * DAY_MS;
}

/**
 * Rotations a day that lose so many token packets that the token is given up, with every link up: the closed form of
 * corosync.md 6.1.
 */
export function tokenLossesPerDay({
  timers,
  rotationMs: turn,
  meanRotationMs,
  rotation,
}: StabilityModel): number {
  const breaking = lossesThatBreak(timers.tokenMs, turn, timers.retransmitMs);
  const share = rotation.tail[breaking] ?? 0;
  return share === 0 ? 0 : (share / meanRotationMs) * DAY_MS;
}

/** One host's sight of another. */
function knetLink(mesh: Mesh, from: number, to: number, losses: LossView): KnetLink {
  const there = linkOf(mesh, from, to);
  const back = linkOf(mesh, to, from);
  return {
    pingLoss: 1 - (1 - lossOf(there, losses)) * (1 - lossOf(back, losses)),
    rttMs: there.rttMs,
    jitterMs: (there.jitterMs + back.jitterMs) / 2,
  };
}
