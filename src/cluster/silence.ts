import { downAfterMs, effectivePingIntervalMs, type KnetLink } from "./knet-link.ts";
import type { Hop, StabilityModel } from "./stability-model.ts";

/** A time in which a host's line loses more than usual, or all. It begins at 0. */
export interface Silence {
  /** The place in the ring of the host whose line it is. */
  place: number;
  ms: number;
  /** Of each packet, in both directions of that line; 1 is an outage. */
  loss: number;
}

/**
 * Plays one silence on a ring that is well before and after it, from ping to ping and from hop to hop, and counts the
 * rings that the other hosts form because of it: none, one where all are there again before consensus ends, two where
 * a ring without that host forms first.
 */
export function changesOfSilence(model: StabilityModel, silence: Silence, random: () => number): number {
  const { hops, timers, rotationMs } = model;
  const sights = sightsDuring(model, silence, random);
  const hadAt = hops.map(() => Number.NEGATIVE_INFINITY);
  let changes = 0;
  let time = -rotationMs * (1 + random());
  let at = 0;
  // One clean rotation after the last effect of the silence tells that nothing more comes.
  const settled = () => Math.max(silence.ms, ...sights.map(({ upAt }) => upAt)) + rotationMs;
  while (time < settled()) {
    const hop = hops[at];
    if (hop === undefined) return changes;
    const next = (at + 1) % hops.length;
    const since = hadAt[next] === Number.NEGATIVE_INFINITY ? time - rotationMs : (hadAt[next] ?? time);
    const arrives = arrivalOver(model, hop, time, since + timers.tokenMs, sights, silence, at, random);
    if (arrives !== undefined) {
      hadAt[next] = arrives;
      time = arrives;
      at = next;
      continue;
    }
    const lostAt = since + timers.tokenMs;
    const reachableAt = Math.max(silence.loss < 1 ? 0 : silence.ms, ...sights.map(({ upAt }) => upAt));
    const alone = reachableAt > lostAt + timers.consensusMs;
    changes += alone ? 2 : 1;
    if (changes > MOST_CHANGES) return changes;
    // The rotations that form the ring are as exposed as any (ring-life.ts).
    time = Math.max(lostAt, reachableAt);
    hadAt.fill(Number.NEGATIVE_INFINITY);
    at = 0;
  }
  return changes;
}

/** So many rings for one silence are as good as any number. */
const MOST_CHANGES = 50;

/** One host's sight of the next or of the one before: down at most once for one silence. */
interface Sight {
  hop: number;
  isSender: boolean;
  downAt: number;
  firstPongAt: number;
  upAt: number;
}

/** The links over which the token reaches the host and leaves it, each seen from both ends. */
function sightsDuring(model: StabilityModel, silence: Silence, random: () => number): Sight[] {
  const before = (silence.place + model.hops.length - 1) % model.hops.length;
  return [...new Set([before, silence.place])].flatMap((hop) => {
    const { sender, receiver } = model.hops[hop] ?? {};
    if (sender === undefined || receiver === undefined) return [];
    return [
      { hop, isSender: true, ...lifeOf(sender, model, silence, random) },
      { hop, isSender: false, ...lifeOf(receiver, model, silence, random) },
    ];
  });
}

/** When knet calls a link down for the silence, and when pongs bring it back; never: -Infinity. */
function lifeOf(
  link: KnetLink,
  { timers }: StabilityModel,
  silence: Silence,
  random: () => number,
): Pick<Sight, "downAt" | "firstPongAt" | "upAt"> {
  const interval = effectivePingIntervalMs(timers);
  const passes = (at: number) => at < 0 || at >= silence.ms || random() >= silence.loss;
  const isAnswered = (at: number) => passes(at) && passes(at + link.rttMs / 2);
  let ping = -random() * interval - link.rttMs;
  let downAt = ping + downAfterMs(link, timers);
  for (;;) {
    ping += interval;
    if (ping + link.rttMs >= downAt) break;
    if (ping > silence.ms) return { downAt: NEVER, firstPongAt: NEVER, upAt: NEVER };
    if (isAnswered(ping)) downAt = ping + downAfterMs(link, timers);
  }
  let firstPongAt = NEVER;
  for (let pongs = 0; ; ping += interval) {
    if (!isAnswered(ping)) continue;
    const pongAt = ping + link.rttMs;
    if (pongs === 0) firstPongAt = pongAt;
    if (pongs === timers.pongCount) return { downAt, firstPongAt, upAt: pongAt };
    pongs++;
  }
}

const NEVER = Number.NEGATIVE_INFINITY;

/** The token over one hop, tried every retransmit timeout; undefined where it comes too late. */
function arrivalOver(
  { timers, fastDataUp, hops }: StabilityModel,
  { delayMs, loss }: Hop,
  first: number,
  latest: number,
  sights: readonly Sight[],
  silence: Silence,
  at: number,
  random: () => number,
): number | undefined {
  const own = sights.filter(({ hop }) => hop === at);
  const [sender, receiver] = [own.find(({ isSender }) => isSender), own.find(({ isSender }) => !isSender)];
  // Of two hosts the receiver's own repeats of the token bring the sender's link up (ring-life.ts).
  const sendsAgainAt = fastDataUp && hops.length === 2 ? sender?.firstPongAt : sender?.upAt;
  for (let sent = first; sent + delayMs <= latest; sent += timers.retransmitMs) {
    if (sender && sent >= sender.downAt && sent < (sendsAgainAt ?? 0)) continue;
    const isBad = own.length > 0 && sent >= 0 && sent < silence.ms;
    if (random() < (isBad ? Math.max(loss, silence.loss) : loss)) continue;
    const arrives = sent + delayMs;
    if (receiver && arrives >= receiver.downAt && arrives < receiver.upAt) {
      if (!fastDataUp || arrives < receiver.firstPongAt) continue;
      receiver.upAt = arrives;
    }
    return arrives;
  }
  return undefined;
}
