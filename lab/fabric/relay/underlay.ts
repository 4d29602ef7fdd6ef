import { z } from "zod";
import { UNDERLAY } from "../underlay.ts";
import { growBuffers } from "./socket-buffer.ts";

/** The relay's one UDP socket, towards the VXLAN ports in the fabric's namespace. */
export interface Underlay {
  /** Sends in order; what the kernel does not take now waits for it. */
  send(packets: Uint8Array[]): void;
  /** Packets given up because too many waited for the kernel. */
  readonly unsent: () => number;
  readonly receiveBufferBytes: number;
}

export async function openUnderlay(receive: (packet: Uint8Array) => void): Promise<Underlay> {
  let backlog: Uint8Array[] = [];
  let unsent = 0;

  const socket = await Bun.udpSocket({
    hostname: UNDERLAY.relayAddress,
    port: UNDERLAY.port,
    connect: { hostname: UNDERLAY.fabricAddress, port: UNDERLAY.port },
    socket: {
      data: (_socket, packet) => receive(packet),
      drain: () => push(),
      error: (_socket, error) => console.error(`underlay: ${error.message}`),
    },
  });

  function send(packets: Uint8Array[]): void {
    backlog = backlog.length === 0 ? packets : backlog.concat(packets);
    push();
  }

  function push(): void {
    if (backlog.length === 0) return;
    backlog = backlog.slice(Math.max(0, socket.sendMany(backlog)));
    if (backlog.length <= MOST_WAITING) return;
    unsent += backlog.length - MOST_WAITING;
    backlog.length = MOST_WAITING;
  }

  // Not in Bun's types, but there: the file descriptor.
  const fd = z.number().int().parse(Reflect.get(socket, "fd"));
  return { send, unsent: () => unsent, receiveBufferBytes: growBuffers(fd, BUFFER_BYTES) };
}

const BUFFER_BYTES = 8 * 1024 * 1024;
const MOST_WAITING = 20_000;
