import { createSocket } from "node:dgram";
import type { Answering, Line } from "./answer.ts";
import type { RendezvousFacts } from "./facts.ts";
import {
  joinFacts,
  LONGEST_PACKET,
  newNonce,
  type Packet,
  type Part,
  RENDEZVOUS_PORTS,
  readPacket,
  writePacket,
} from "./packet.ts";

/** What came of one UDP port of a peer. "refused": nothing listens there, but packets travel to the peer and back. */
export type Echo = "echoed" | "silent" | "refused";

export interface RendezvousAnswer {
  /** Each of UDP 5405 to 5412. */
  readonly echoes: ReadonlyMap<number, Echo>;
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
}

/** Tries all eight ports of a peer at once, and reads its facts where one answers. Never throws. */
export async function askRendezvous(
  ownAddress: string,
  peerAddress: string,
  { timeoutMs = 3_000, from }: AskOptions = {},
): Promise<RendezvousAnswer> {
  const deadline = performance.now() + timeoutMs;
  const ends = { own: ownAddress, peer: peerAddress };
  let found: Pick<RendezvousAnswer, "facts" | "otherVersion"> | undefined;
  const tried = await Promise.all(
    RENDEZVOUS_PORTS.map(async (port): Promise<[number, Echo]> => {
      const [echo, answers] = await tryPort(ends, port, deadline, from);
      // The first port that answers tells for all.
      if (answers && !found) {
        found = {};
        found = await readFacts(ends, port, deadline);
      }
      return [port, echo];
    }),
  );
  return { echoes: new Map(tried), ...found };
}

interface Ends {
  readonly own: string;
  readonly peer: string;
}

/** At least as long as its answer. */
const ECHO_BYTES = 128;
/** How often a packet is sent again: lost ones cost no verdict. */
const AGAIN_MS = 300;

/** What came of the port, and whether a tailmox answers on it. */
async function tryPort(
  ends: Ends,
  port: number,
  deadline: number,
  from: Answering | undefined,
): Promise<[Echo, boolean]> {
  const nonce = newNonce();
  const echo = writePacket({ kind: "echo", nonce }, ECHO_BYTES);
  let answers = false;
  let echoed = false;
  let refused = false;
  const isEcho = (packet: Packet) => packet.nonce === nonce;
  const mine = from?.line(ends.peer, port, (packet) => {
    echoed ||= isEcho(packet);
  });
  const line = await connect(ends, port, (packet) => {
    if (packet === "refused") refused = true;
    else answers ||= isEcho(packet);
  });
  while (performance.now() < deadline && !refused && !(answers && (echoed || !mine))) {
    if (!echoed) mine?.send(echo);
    if (!answers) line.send(echo);
    await until(deadline, () => refused || (answers && (echoed || !mine)));
  }
  mine?.close();
  line.close();
  if (mine ? echoed : answers) return ["echoed", answers];
  return [refused ? "refused" : "silent", answers];
}

/** Asks part after part; the first one tells how many there are. */
async function readFacts(
  ends: Ends,
  port: number,
  deadline: number,
): Promise<Pick<RendezvousAnswer, "facts" | "otherVersion">> {
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
  try {
    while (performance.now() < deadline && otherVersion === undefined) {
      const [first] = pieces.values();
      if (first && pieces.size >= first.parts) break;
      const before = pieces.size;
      for (const part of first ? missing(first.parts, pieces) : [0]) {
        line.send(writePacket({ kind: "ask", nonce, part, whole: first?.whole }, LONGEST_PACKET));
      }
      const wanted = first?.parts ?? 1;
      await until(deadline, () => otherVersion !== undefined || pieces.size >= Math.max(wanted, before + 1));
    }
  } finally {
    line.close();
  }
  if (otherVersion !== undefined) return { otherVersion };
  const facts = joinFacts([...pieces.values()]);
  return facts ? { facts } : {};
}

function missing(parts: number, pieces: ReadonlyMap<number, Part>): number[] {
  return Array.from({ length: parts }, (_, part) => part).filter((part) => !pieces.has(part));
}

/** Waits until it is time to send again, or there is nothing left to send. */
async function until(deadline: number, done: () => boolean): Promise<void> {
  const again = Math.min(deadline, performance.now() + AGAIN_MS);
  while (performance.now() < again && !done()) await Bun.sleep(10);
}

/** A connected socket: only such a one is told when the peer refuses. Without the own address it stays mute. */
function connect(ends: Ends, port: number, heard: (packet: Packet | "refused") => void): Promise<Line> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const close = () => socket.close();
    socket.on("message", (bytes) => {
      const packet = readPacket(bytes.toString());
      if (packet) heard(packet);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") heard("refused");
      resolve({ send: () => undefined, close });
    });
    socket.bind({ address: ends.own, port: 0 }, () => {
      socket.connect(port, ends.peer, () => {
        resolve({ send: (packet) => socket.send(packet, () => undefined), close });
      });
    });
  });
}
