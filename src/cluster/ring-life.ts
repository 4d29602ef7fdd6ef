import { LinkLife, type Role } from "./link-life.ts";
import { DAY_MS, type Hop, type StabilityModel, tokenLossesPerDay } from "./stability-model.ts";

/** Later than any horizon, and as late as ms can be told apart. */
const NEVER_MS = 1e14;

/** From agreement on the members until the ring is one (corosync.md 3.3). */
const FORMING_ROTATIONS = 6;

/** A ring with its token at a known hop at a known time. */
export class RingLife {
  readonly #model: StabilityModel;
  readonly #random: () => number;
  readonly #links: LinkLife[];
  readonly #senders: LinkLife[];
  readonly #receivers: LinkLife[];
  /** Time from the start of a rotation to each hop. */
  readonly #offsets: number[];
  /** Outages that the token met so far. */
  outages = 0;
  #time = 0;
  /** When the hop that comes next is due in a rotation. */
  #offset = 0;
  /** Delay that the present rotation has already suffered, and until when it counts. */
  #excess = 0;
  #excessUntil = 0;
  /** Until then the present ring is not yet one: a token that stops before begins the forming anew. */
  #formsUntil = 0;

  constructor(model: StabilityModel, random: () => number) {
    this.#model = model;
    this.#random = random;
    let offset = 0;
    this.#offsets = model.hops.map(({ delayMs }) => {
      offset += delayMs;
      return offset - delayMs;
    });
    const count = model.hops.length;
    const role = (hop: number, isSender: boolean): Role => ({
      hop,
      offsetMs: this.#offsets[hop] ?? 0,
      leadMs: isSender ? 0 : (model.hops[hop]?.delayMs ?? 0),
    });
    const other = (hop: number) => (hop + 1) % count;
    this.#senders = model.hops.map(({ sender }, hop) => {
      const back = count === 2 ? role(other(hop), false) : undefined;
      return new LinkLife(model, random, sender, role(hop, true), back);
    });
    this.#receivers = model.hops.map(({ receiver }, hop) => {
      const same = count === 2 ? this.#senders[other(hop)] : undefined;
      return same ?? new LinkLife(model, random, receiver, role(hop, false));
    });
    this.#links = [...new Set([...this.#senders, ...this.#receivers])];
    for (const link of this.#links) this.#meet(link);
  }

  /** Plays until the horizon and counts the membership changes. */
  changesUntil(horizon: number): number {
    const aloneRate = tokenLossesPerDay(this.#model) / DAY_MS;
    let aloneAt = this.#exponential(aloneRate);
    let changes = 0;
    let link = this.#nextMet();
    for (;;) {
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
      link = this.#nextMet(link, this.#time + this.#model.rotationMs);
    }
  }

  /** The link that is met first; an outage that was met, and those that are near, are looked at again. */
  #nextMet(met?: LinkLife, near = Number.NEGATIVE_INFINITY): LinkLife | undefined {
    let next: LinkLife | undefined;
    let soonest = Number.POSITIVE_INFINITY;
    for (const link of this.#links) {
      if (link === met || link.meets < near) this.#meet(link);
      if (link.meets >= soonest) continue;
      soonest = link.meets;
      next = link;
    }
    return next;
  }

  /** Sets when the token first meets this link's outage, passing over outages that it does not meet. */
  #meet(link: LinkLife): void {
    link.meets = Number.POSITIVE_INFINITY;
    while (link.downAt < NEVER_MS) {
      this.#meetAs(link, link.role);
      if (link.otherRole) this.#meetAs(link, link.otherRole);
      if (link.meets < Number.POSITIVE_INFINITY) return;
      link.nextOutage();
    }
  }

  #meetAs(link: LinkLife, role: Role): void {
    const pass = this.#passDuring(link, role);
    if (pass >= link.meets) return;
    link.meets = pass;
    link.meetsOn = role.hop;
  }

  /** When the token is first sent over the hop within the outage of a link that the hop needs; else Infinity. */
  #passDuring(link: LinkLife, { offsetMs, leadMs }: Role): number {
    const { rotationMs, meanRotationMs } = this.#model;
    const ahead = offsetMs - this.#offset;
    const first = this.#time + (ahead < 0 ? ahead + rotationMs : ahead);
    const away = link.downAt - leadMs - first;
    let pass = first;
    // After a few rotations nothing is left of the phase.
    if (away > 3 * rotationMs) pass += away + this.#random() * meanRotationMs;
    else if (away > 0) pass += Math.ceil(away / rotationMs) * rotationMs;
    return pass < link.upAt - leadMs ? pass : Number.POSITIVE_INFINITY;
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
        if (fastDataUp) this.#joinsBringUp(lostAt);
        const seenUpAt = (sight: LinkLife) => (sight.downAt < lostAt ? sight.upAt : 0);
        return this.#reform(lostAt, Math.max(seenUpAt(sender), seenUpAt(receiver)));
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
    this.#offset = this.#offsets[(hop + 1) % hops.length] ?? 0;
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
    const { timers, rotationMs, fastDataUp } = this.#model;
    const alone = linkUpAt > lostAt + timers.consensusMs;
    const wasForming = lostAt - timers.tokenMs < this.#formsUntil;
    // The rotations that form the ring are as exposed to loss as any: they are played, not skipped.
    this.#time = Math.max(lostAt, linkUpAt);
    this.#offset = 0;
    this.#excess = 0;
    this.#excessUntil = 0;
    this.#formsUntil = this.#time + FORMING_ROTATIONS * rotationMs;
    // With joins that bring links up, all begin anew together; else the links that stay down leave rings without hosts.
    if (fastDataUp && wasForming) return 0;
    return alone ? 2 : 1;
  }

  /** Who lost the token tells all others, again and again: with libknet >= 1.27 that brings links up after one pong. */
  #joinsBringUp(lostAt: number): void {
    for (const link of this.#links) {
      if (link.downAt < lostAt) link.upAt = Math.min(link.upAt, Math.max(lostAt, link.firstPongAt));
    }
  }

  /** Token packets lost on the other hops of a rotation. */
  #lostElsewhere(): number {
    const { tail } = this.#model.rotation;
    const draw = this.#random();
    let lost = 0;
    while (draw < (tail[lost + 1] ?? 0)) lost++;
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
