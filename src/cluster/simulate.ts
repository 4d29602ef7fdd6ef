import {
  downAfterMs,
  effectivePingIntervalMs,
  KNET_PATIENCE_MS,
  type KnetLink,
  pingsThatDrop,
} from "./knet-link.ts";
import { normalDraw, seededRandom } from "./random.ts";
import { DAY_MS, type Hop, type StabilityModel, tokenLossesPerDay } from "./stability-model.ts";

/** Later than any horizon, and as late as ms can be told apart. */
const NEVER_MS = 1e14;
/** So many changes tell the mean to half a per cent: further runs would only take time. */
const ENOUGH_CHANGES = 20_000;
const FEWEST_RUNS = 2;
/** Where changes are rare, the runs go on, longer, until there are so many ... */
const TELLING_CHANGES = 100;
/** ... or so many links went down in the token's way, or so many days passed, without. */
const ENOUGH_OUTAGES = 100_000;
const ENOUGH_DAYS = 100_000;

export interface SimulationOptions {
  seed: number;
  /** Simulated time of one run. */
  hours: number;
  /** Runs to make at least, unless so many changes come that fewer tell as much. */
  runs: number;
  /** How hard to look for rare changes: 1 by default, less is quicker. */
  effort?: number;
  /** False: make all the runs, also those that would tell nothing new, and no more. */
  stopEarly?: boolean;
}

export interface Simulation {
  /** Membership changes over all runs. */
  changes: number;
  runs: number;
  /** Simulated time over all runs. */
  days: number;
}

/**
 * Plays a ring under loss (corosync.md 6.3): the token, and for each hop the two knet links that it needs. It jumps
 * from one link going down to the next instead of stepping through time, so a day without any costs nothing.
 */
export function simulateRing(model: StabilityModel, options: SimulationOptions): Simulation {
  const { seed, hours, runs, effort = 1, stopEarly = true } = options;
  const random = seededRandom(seed);
  let [changes, outages, days, made] = [0, 0, 0, 0];
  const isTold = () => {
    if (!stopEarly) return made >= runs;
    if (made < runs) return made >= FEWEST_RUNS && changes >= ENOUGH_CHANGES * effort;
    return changes >= TELLING_CHANGES * effort || outages >= ENOUGH_OUTAGES * effort || days >= ENOUGH_DAYS;
  };
  while (!isTold()) {
    // Twice as far each time: a ring that lives for centuries costs no more than one that lives for a day.
    const stretch = made < runs ? 1 : 2 ** (made - runs + 4);
    const ring = new Ring(model, random);
    changes += ring.changesUntil(hours * 3_600_000 * stretch);
    outages += ring.outages;
    days += (hours * stretch) / 24;
    made++;
  }
  return { changes, runs: made, days };
}

/** A hop that needs a link, at the sending or at the receiving end. */
interface Role {
  hop: number;
  isSender: boolean;
}

/** One link in time: when it is next called down, and when pongs bring it back. */
class LinkLife {
  readonly link: KnetLink;
  /** One hop, or of two hosts both: there a link sends on one and receives on the other. */
  readonly roles: readonly Role[];
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
  readonly #runIsLongEnough: number;
  readonly #shortRun: { mean: number; variance: number };
  /** Time of an answered ping, from which the next outage is looked for. */
  #clock: number;
  #patientUntil = 0;

  constructor(model: StabilityModel, random: () => number, link: KnetLink, roles: readonly Role[]) {
    this.link = link;
    this.roles = roles;
    this.#model = model;
    this.#random = random;
    this.#interval = effectivePingIntervalMs(model.timers);
    const early = Math.max(0, link.rttMs - link.jitterMs);
    this.#fewest = Math.max(1, pingsThatDrop(link, model.timers, early, link.rttMs + link.jitterMs));
    this.#runIsLongEnough = link.pingLoss ** (this.#fewest - 1);
    this.#shortRun = cycleOfShortRun(link.pingLoss, this.#fewest);
    this.#clock = random() * this.#interval;
    this.nextOutage();
  }

  /** Finds the next outage after the present one. */
  nextOutage(): void {
    const { link } = this;
    const { timers } = this.#model;
    for (;;) {
      this.#clock += this.#pingsToRun() * this.#interval;
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
      pings++;
      while (this.#random() < this.link.pingLoss) pings++;
      this.upAt = this.#clock + pings * this.#interval + this.#rtt();
      if (pongs === 0) this.firstPongAt = this.upAt;
    }
    this.#clock += pings * this.#interval;
    this.#patientUntil = this.downAt + KNET_PATIENCE_MS - this.#random() * 1000;
    const early = this.#patientUntil - downAfterMs(this.link, this.#model.timers) - this.#clock;
    if (early > 0) this.#clock += Math.ceil(early / this.#interval) * this.#interval;
  }

  /** Pings from an answered one to the last answered one before a run of losses that is long enough. */
  #pingsToRun(): number {
    const q = this.link.pingLoss;
    if (q === 0) return Number.POSITIVE_INFINITY;
    const short = this.#fewest === 1 ? 0 : geometric(this.#random, this.#runIsLongEnough);
    let pings = geometric(this.#random, q);
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
      pings += geometric(this.#random, q) + run + 1;
    }
    return pings;
  }

  #rtt(): number {
    const { rttMs, jitterMs } = this.link;
    if (jitterMs === 0) return rttMs;
    return Math.max(0, rttMs + (this.#random() + this.#random() - 1) * jitterMs);
  }
}

/** A ring with its token at a known hop at a known time. */
class Ring {
  readonly #model: StabilityModel;
  readonly #random: () => number;
  readonly #links: LinkLife[];
  readonly #senders: LinkLife[];
  readonly #receivers: LinkLife[];
  /** Time from the start of a rotation to each hop. */
  readonly #offsets: number[];
  readonly #lossless: number;
  /** Outages that the token met so far. */
  outages = 0;
  #time = 0;
  #hop = 0;
  /** Delay that the present rotation has already suffered, and until when it counts. */
  #excess = 0;
  #excessUntil = 0;

  constructor(model: StabilityModel, random: () => number) {
    this.#model = model;
    this.#random = random;
    let offset = 0;
    this.#offsets = model.hops.map(({ delayMs }) => {
      offset += delayMs;
      return offset - delayMs;
    });
    this.#lossless = 1 - (model.rotation.tail[1] ?? 0);
    const count = model.hops.length;
    const other = (hop: number) => (hop + 1) % count;
    this.#senders = model.hops.map(({ sender }, hop) => {
      const back = count === 2 ? [{ hop: other(hop), isSender: false }] : [];
      return new LinkLife(model, random, sender, [{ hop, isSender: true }, ...back]);
    });
    this.#receivers = model.hops.map(({ receiver }, hop) => {
      const same = count === 2 ? this.#senders[other(hop)] : undefined;
      return same ?? new LinkLife(model, random, receiver, [{ hop, isSender: false }]);
    });
    this.#links = [...new Set([...this.#senders, ...this.#receivers])];
    for (const link of this.#links) this.#meet(link);
  }

  /** Plays until the horizon and counts the membership changes. */
  changesUntil(horizon: number): number {
    const aloneRate = tokenLossesPerDay(this.#model) / DAY_MS;
    let aloneAt = this.#exponential(aloneRate);
    let changes = 0;
    for (;;) {
      const link = this.#nextMet();
      const at = Math.min(link?.meets ?? Number.POSITIVE_INFINITY, aloneAt);
      if (at >= horizon) return changes;
      if (link === undefined || aloneAt <= link.meets) {
        changes++;
        this.#reform(aloneAt + this.#model.timers.tokenMs, 0);
        aloneAt = this.#time + this.#exponential(aloneRate);
      } else {
        changes += this.#meetOutage(link);
        this.outages++;
      }
      for (const other of this.#links)
        if (other === link || other.meets < this.#time + this.#model.rotationMs) this.#meet(other);
    }
  }

  #nextMet(): LinkLife | undefined {
    let next: LinkLife | undefined;
    for (const link of this.#links) if (next === undefined || link.meets < next.meets) next = link;
    return next;
  }

  /** Sets when the token first meets this link's outage, passing over outages that it does not meet. */
  #meet(link: LinkLife): void {
    link.meets = Number.POSITIVE_INFINITY;
    while (link.downAt < NEVER_MS) {
      for (const role of link.roles) {
        const pass = this.#passDuring(link, role);
        if (pass >= link.meets) continue;
        link.meets = pass;
        link.meetsOn = role.hop;
      }
      if (link.meets < Number.POSITIVE_INFINITY) return;
      link.nextOutage();
    }
  }

  /** When the token is first sent over the hop within the outage of a link that the hop needs; else Infinity. */
  #passDuring(link: LinkLife, { hop, isSender }: Role): number {
    const { rotationMs, meanRotationMs } = this.#model;
    const ahead = (this.#offsets[hop] ?? 0) - (this.#offsets[this.#hop] ?? 0);
    const first = this.#time + (ahead < 0 ? ahead + rotationMs : ahead);
    const lead = isSender ? 0 : this.#hopAt(hop).delayMs;
    const away = link.downAt - lead - first;
    let pass = first;
    // After a few rotations nothing is left of the phase.
    if (away > 3 * rotationMs) pass += away + this.#random() * meanRotationMs;
    else if (away > 0) pass += Math.ceil(away / rotationMs) * rotationMs;
    return pass < link.upAt - lead ? pass : Number.POSITIVE_INFINITY;
  }

  /** The token at a hop whose link is down: tried every retransmit timeout. Returns the membership changes it costs. */
  #meetOutage(link: LinkLife): number {
    const { timers, rotationMs, fastDataUp } = this.#model;
    const hop = link.meetsOn;
    const { delayMs, loss } = this.#hopAt(hop);
    const sender = this.#senders[hop] ?? link;
    const receiver = this.#receivers[hop] ?? link;
    // Of two hosts the receiver's own repeats of the token bring the sender's link up; of more they go elsewhere.
    const sendsAgainAt = fastDataUp && this.#links.length === 2 ? sender.firstPongAt : sender.upAt;
    const excess =
      link.meets < this.#excessUntil ? this.#excess : this.#lostElsewhere() * timers.retransmitMs;
    const before = link.meets + delayMs - rotationMs - excess; // when the receiver last had the token
    for (let tries = 0; ; tries++) {
      const sent = link.meets + tries * timers.retransmitMs;
      const arrives = sent + delayMs;
      if (arrives - before > timers.tokenMs) {
        const lostAt = before + timers.tokenMs;
        const down = [sender, receiver].filter(({ downAt }) => downAt < lostAt);
        return this.#reform(lostAt, Math.max(0, ...down.map(({ upAt }) => upAt)));
      }
      if (sent >= sender.downAt && sent < sendsAgainAt) continue;
      if (this.#random() < loss) continue;
      if (arrives >= receiver.downAt && arrives < receiver.upAt) {
        if (!fastDataUp || arrives < receiver.firstPongAt) continue;
        receiver.upAt = arrives;
      }
      sender.upAt = Math.min(sender.upAt, sendsAgainAt);
      return this.#goOn(hop, arrives, excess + tries * timers.retransmitMs);
    }
  }

  /** The token got through late; what the rest of the rotation loses comes on top. */
  #goOn(hop: number, arrived: number, excess: number): number {
    const { timers, rotationMs, hops } = this.#model;
    const later = this.#lostElsewhere() * timers.retransmitMs;
    this.#time = arrived;
    this.#hop = (hop + 1) % hops.length;
    this.#excess = excess + later;
    this.#excessUntil = arrived + rotationMs;
    if (rotationMs + this.#excess <= timers.tokenMs) return 0;
    return this.#reform(arrived + later, 0);
  }

  /**
   * The token is lost: a new ring forms. A link that is still down when consensus ends costs a second change: the
   * ring forms without that host and then again with it.
   */
  #reform(lostAt: number, linkUpAt: number): number {
    const alone = linkUpAt > lostAt + this.#model.timers.consensusMs;
    // The rotations that form the ring are as exposed to loss as any: they are played, not skipped.
    this.#time = Math.max(lostAt, linkUpAt);
    this.#hop = 0;
    this.#excess = 0;
    this.#excessUntil = 0;
    return alone ? 2 : 1;
  }

  /** Token packets lost on the other hops of a rotation. */
  #lostElsewhere(): number {
    if (this.#random() < this.#lossless) return 0;
    let lost = 1;
    for (const { loss } of this.#model.hops) while (this.#random() < loss) lost++;
    return lost;
  }

  #hopAt(at: number): Hop {
    const hop = this.#model.hops[at];
    if (hop === undefined) throw new RangeError(`no hop ${at}`);
    return hop;
  }

  #exponential(rate: number): number {
    return rate === 0 ? Number.POSITIVE_INFINITY : -Math.log(1 - this.#random()) / rate;
  }
}

/** Number of failures before the first success of chance `p`. */
function geometric(random: () => number, p: number): number {
  return p >= 1 ? 0 : Math.floor(Math.log(1 - random()) / Math.log1p(-p));
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
