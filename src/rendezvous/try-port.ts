import { createSocket } from "node:dgram";
import type { Answering, Line } from "./answer.ts";
import { newNonce, type Packet, readPacket, writePacket } from "./packet.ts";

/** What came of one UDP port of a peer. "refused": nothing listens there, but packets travel to the peer and back. */
export type Echo = "echoed" | "silent" | "refused";

/** Two ends in the tailnet. */
export interface Ends {
  readonly own: string;
  readonly peer: string;
}

export interface Trying {
  /** True when no more is to be sent. */
  readonly isOver: () => boolean;
  /** Holds the ports on this side, where this process answers itself. */
  readonly from: Answering | undefined;
  /** Called when somebody answers there, if only to another port than corosync would use here. */
  readonly answered?: () => void;
  /** Whoever answers is only being started there: a refusal is not the last word. */
  readonly isStarting?: boolean;
}

/**
 * Sends echoes to one port until one came back. Where this process holds the same port on this side, the echo must
 * come from there and back to there, as corosync's packets do: a filter here that drops what comes in on 5405 to 5412
 * would let an answer to a port of the moment pass.
 */
export async function tryPort(
  ends: Ends,
  port: number,
  { isOver, from, answered, isStarting = false }: Trying,
): Promise<Echo> {
  const nonce = newNonce();
  const echo = writePacket({ kind: "echo", nonce }, ECHO_BYTES);
  let echoed = false;
  let answers = false;
  let refused = false;
  const mine = from?.line(ends.peer, port, (packet) => {
    echoed ||= packet.nonce === nonce;
  });
  const line = await connect(ends, port, (packet) => {
    refused = packet === "refused";
    if (packet === "refused" || packet.nonce !== nonce || answers) return;
    answers = true;
    answered?.();
  });
  const isSettled = () => isOver() || (refused && !isStarting) || (answers && (echoed || !mine));
  while (!isSettled()) {
    if (!echoed) mine?.send(echo);
    if (!answers) line.send(echo);
    await beforeNext(isSettled);
  }
  mine?.close();
  line.close();
  if (mine ? echoed : answers) return "echoed";
  return refused ? "refused" : "silent";
}

/** Waits until it is time to send again, or there is nothing left to send. Lost packets cost no verdict. */
export async function beforeNext(isSettled: () => boolean): Promise<void> {
  const next = performance.now() + AGAIN_MS;
  while (performance.now() < next && !isSettled()) await Bun.sleep(10);
}

/** A connected socket: only such a one is told when the peer refuses. Without the own address it stays mute. */
export function connect(
  ends: Ends,
  port: number,
  heard: (packet: Packet | "refused") => void,
): Promise<Line> {
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

/** At least as long as its answer. */
const ECHO_BYTES = 128;
const AGAIN_MS = 300;
