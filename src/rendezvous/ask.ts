import type { Answering } from "./answer.ts";
import type { RendezvousFacts } from "./facts.ts";
import { joinFacts, LONGEST_PACKET, newNonce, type Part, RENDEZVOUS_PORTS, writePacket } from "./packet.ts";
import { beforeNext, connect, type Echo, type Ends, tryPort } from "./try-port.ts";

export type { Echo } from "./try-port.ts";

export interface RendezvousAnswer {
  /** Each of UDP 5405 to 5412. */
  readonly echoes: ReadonlyMap<number, Echo>;
  /** Somebody answers there, if only to another port than corosync would use here. */
  readonly answers?: boolean;
  /** Absent when no tailmox answers there, or one in the middle of a change. */
  readonly facts?: RendezvousFacts;
  /** A tailmox answers there that speaks this other version of the rendezvous. */
  readonly otherVersion?: number;
}

export interface AskOptions {
  /** Default 3000. */
  readonly timeoutMs?: number;
  /**
   * Where this process answers itself: its ports are then tried from the same port on this side, the very pair that
   * corosync uses, so that an echo proves both directions. Without it the way back goes to a port of the moment,
   * which says nothing about what lets 5405 to 5412 in here.
   */
  readonly from?: Answering;
  /** Called once it is known whether a tailmox answers there, seconds before a silent port has been waited for. */
  readonly heard?: (somebody: boolean) => void;
}

/** Tries all eight ports of a peer at once, and reads its facts where one answers. Never throws. */
export async function askRendezvous(
  ownAddress: string,
  peerAddress: string,
  { timeoutMs = 3_000, from, heard }: AskOptions = {},
): Promise<RendezvousAnswer> {
  const ends = { own: ownAddress, peer: peerAddress };
  const deadline = performance.now() + timeoutMs;
  return ask(ends, from, () => performance.now() >= deadline, { heard });
}

/** Reads a peer's facts, and ends when they are there: what was not answered by then is silent, whatever it is. */
export async function askFacts(
  ownAddress: string,
  peerAddress: string,
  timeoutMs = 3_000,
): Promise<RendezvousAnswer> {
  const ends = { own: ownAddress, peer: peerAddress };
  const deadline = performance.now() + timeoutMs;
  let isRead = false;
  return ask(ends, undefined, () => isRead || performance.now() >= deadline, {
    read: () => {
      isRead = true;
    },
  });
}

async function ask(
  ends: Ends,
  from: Answering | undefined,
  isOver: () => boolean,
  on: { readonly heard?: ((somebody: boolean) => void) | undefined; readonly read?: () => void },
): Promise<RendezvousAnswer> {
  let told: Promise<Told> | undefined;
  let lastWordBy = Number.POSITIVE_INFINITY;
  const isLate = () => isOver() || (!told && performance.now() >= lastWordBy);
  // A tailmox holds all ports that corosync leaves free, so none runs where one of those is refused. The others need
  // not follow: a kernel sends a few refusals at once, and one a second then (icmp(7), icmp_ratelimit).
  const nobody = () => {
    if (told || lastWordBy !== Number.POSITIVE_INFINITY) return;
    on.heard?.(false);
    lastWordBy = performance.now() + LAST_WORD_MS;
  };
  const tries = RENDEZVOUS_PORTS.map(async (port): Promise<[number, Echo]> => {
    // The first port that answers tells for all.
    const answered = () => {
      if (told) return;
      on.heard?.(true);
      told = readFacts(ends, port, isOver).finally(on.read);
    };
    const echo = await tryPort(ends, port, { isOver: isLate, from, answered });
    if (echo === "refused" && port !== LINK0) nobody();
    return [port, echo];
  });
  const echoes = new Map(await Promise.all(tries));
  return { echoes, answers: told !== undefined, ...(await told) };
}

/** Room for an answer that comes a little after a refusal. */
const LAST_WORD_MS = 300;
/** Link 0's, which a member's corosync holds. */
const LINK0 = 5405;

type Told = Pick<RendezvousAnswer, "facts" | "otherVersion">;

/** Asks part after part; the first one tells how many there are. */
async function readFacts(ends: Ends, port: number, isOver: () => boolean): Promise<Told> {
  const nonce = newNonce();
  let pieces = new Map<number, Part>();
  let otherVersion: number | undefined;
  const line = await connect(ends, port, (packet) => {
    if (packet === "refused" || packet.nonce !== nonce) return;
    if (packet.kind === "other version") otherVersion = packet.speaks;
    if (packet.kind !== "told") return;
    const [first] = pieces.values();
    if (first && (first.whole !== packet.whole || first.parts !== packet.parts)) pieces = new Map();
    pieces.set(packet.part, packet);
  });
  const wanted = () => missing([...pieces.values()]);
  const isSettled = () => isOver() || otherVersion !== undefined || wanted().length === 0;
  while (!isSettled()) {
    const whole = [...pieces.values()][0]?.whole;
    const asked = wanted();
    for (const part of asked) line.send(writePacket({ kind: "ask", nonce, part, whole }, LONGEST_PACKET));
    // Part 0 brings the number of the others: they are asked for at once.
    await beforeNext(() => isSettled() || (asked.length === 1 && !wanted().includes(asked[0] ?? 0)));
  }
  line.close();
  if (otherVersion !== undefined) return { otherVersion };
  const facts = joinFacts([...pieces.values()]);
  return facts ? { facts } : {};
}

function missing(pieces: readonly Part[]): number[] {
  const parts = pieces[0]?.parts ?? 1;
  const held = new Set(pieces.map(({ part }) => part));
  return Array.from({ length: parts }, (_, part) => part).filter((part) => !held.has(part));
}
