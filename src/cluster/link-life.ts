import {
  downAfterMs,
  effectivePingIntervalMs,
  KNET_PATIENCE_MS,
  type KnetLink,
  pingsThatDrop,
} from "./knet-link.ts";
import { normalDraw } from "./random.ts";
import type { StabilityModel } from "./stability-model.ts";

/** A hop that needs a link, at the sending or at the receiving end. */
export interface Role {
  hop: number;
  /** When the hop comes in a rotation, and how long before a packet of it arrives it must be sent: 0 for the sender. */
  offsetMs: number;
  leadMs: number;
}

/** One link in time: when it is next called down, and when pongs bring it back. */
export class LinkLife {
  readonly link: KnetLink;
  readonly role: Role;
  /** Of two hosts only: there a link sends on one hop and receives on the other. */
  readonly otherRole: Role | undefined;
  downAt = 0;
  firstPongAt = 0;
  upAt = 0;
  /** When the token first meets this outage; Infinity where it slips past. */
  meets = 0;
  /** The hop where it does. */
  meetsOn = 0;

  readonly #model: StabilityModel;
  readonly #random: () => number;
  readonly #interval: number;
  /** Losses in a row below which no spread of the RTT drops the link. */
  readonly #fewest: number;
  readonly #shortRun: { mean: number; variance: number };
  readonly #logOfAnswered: number;
  readonly #logOfNotLongEnough: number;
  /** From the last answered ping until the link is called down. */
  readonly #patience: number;
  /** Time of an answered ping, from which the next outage is looked for. */
  #clock: number;

  constructor(model: StabilityModel, random: () => number, link: KnetLink, role: Role, otherRole?: Role) {
    this.link = link;
    this.role = role;
    this.otherRole = otherRole;
    this.#model = model;
    this.#random = random;
    this.#interval = effectivePingIntervalMs(model.timers);
    const early = Math.max(0, link.rttMs - link.jitterMs);
    this.#fewest = Math.max(1, pingsThatDrop(link, model.timers, early, link.rttMs + link.jitterMs));
    this.#shortRun = cycleOfShortRun(link.pingLoss, this.#fewest);
    this.#logOfAnswered = Math.log1p(-link.pingLoss);
    this.#logOfNotLongEnough = Math.log1p(-(link.pingLoss ** (this.#fewest - 1)));
    this.#patience = downAfterMs(link, model.timers);
    this.#clock = random() * this.#interval;
    this.nextOutage();
  }

  /** Finds the next outage after the present one. */
  nextOutage(): void {
    const { link } = this;
    const { timers } = this.#model;
    for (;;) {
      this.#clock += this.#pingsToRun() * this.#interval;
      if (link.jitterMs === 0) {
        // Every run that is long enough drops the link, after the same time.
        this.downAt = this.#clock + this.#patience;
        this.#comeBack(this.#fewest);
        return;
      }
      const pong = this.#rtt();
      const dropping = pingsThatDrop(link, timers, pong, this.#rtt());
      let failed = this.#fewest;
      while (failed < dropping && this.#random() < link.pingLoss) failed++;
      if (failed < dropping) {
        this.#clock += (failed + 1) * this.#interval; // the ping after the run was answered
        continue;
      }
      this.downAt = this.#clock + downAfterMs(link, timers, pong);
      this.#comeBack(failed);
      return;
    }
  }

  /** Pings go on while the link is down; the third pong (by default) brings it up. */
  #comeBack(failed: number): void {
    let pings = failed;
    for (let pongs = 0; pongs <= this.#model.timers.pongCount; pongs++) {
      pings += 1 + this.#pingsLost();
      if (pongs === 0) this.firstPongAt = this.#clock + pings * this.#interval + this.#rtt();
    }
    this.upAt = this.#clock + pings * this.#interval + this.#rtt();
    this.#clock += pings * this.#interval;
    const patientUntil = this.downAt + KNET_PATIENCE_MS - this.#random() * 1000;
    const early = patientUntil - this.#patience - this.#clock;
    if (early > 0) this.#clock += Math.ceil(early / this.#interval) * this.#interval;
  }

  /** Pings from an answered one to the last answered one before a run of losses that is long enough. */
  #pingsToRun(): number {
    const q = this.link.pingLoss;
    if (q === 0) return Number.POSITIVE_INFINITY;
    const short = this.#fewest === 1 ? 0 : geometric(this.#random, this.#logOfNotLongEnough);
    let pings = geometric(this.#random, this.#logOfAnswered);
    if (short === 0) return pings;
    const { mean, variance } = this.#shortRun;
    if (short > 24) {
      return (
        pings +
        Math.max(2 * short, Math.round(short * mean + Math.sqrt(short * variance) * normalDraw(this.#random)))
      );
    }
    for (let i = 0; i < short; i++) {
      let run = 1;
      while (run < this.#fewest - 1 && this.#random() < q) run++;
      pings += geometric(this.#random, this.#logOfAnswered) + run + 1;
    }
    return pings;
  }

  /** Lost pings before the next answered one: where most are answered, asking each is cheaper than a logarithm. */
  #pingsLost(): number {
    const q = this.link.pingLoss;
    if (q > 0.5) return geometric(this.#random, Math.log(q));
    let lost = 0;
    while (this.#random() < q) lost++;
    return lost;
  }

  #rtt(): number {
    const { rttMs, jitterMs } = this.link;
    if (jitterMs === 0) return rttMs;
    return Math.max(0, rttMs + (this.#random() + this.#random() - 1) * jitterMs);
  }
}

/** Number of failures before the first success, from the logarithm of the chance to fail. */
function geometric(random: () => number, logOfFailure: number): number {
  return Math.floor(Math.log(1 - random()) / logOfFailure);
}

/** Mean and variance of the pings from one answered one over a run of fewer than `enough` lost ones to the next. */
function cycleOfShortRun(q: number, enough: number): { mean: number; variance: number } {
  if (q === 0 || enough === 1) return { mean: 0, variance: 0 };
  let total = 0;
  let mean = 0;
  let square = 0;
  for (let run = 1, chance = 1; run < enough; run++, chance *= q) {
    total += chance;
    mean += chance * run;
    square += chance * run * run;
  }
  mean /= total;
  return { mean: (1 - q) / q + mean + 1, variance: (1 - q) / q ** 2 + square / total - mean ** 2 };
}
