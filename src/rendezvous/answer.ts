import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Reader } from "../host/host.ts";
import { whois } from "../tailnet/whois.ts";
import type { RendezvousFacts } from "./facts.ts";
import {
  type Packet,
  type Part,
  RENDEZVOUS_PORTS,
  readPacket,
  SPEAKS,
  splitFacts,
  writePacket,
} from "./packet.ts";

/** A host that answers its peers while tailmox runs on it. */
export interface Answering {
  /** Those it answers on; none where something else holds them all. */
  readonly ports: readonly number[];
  /**
   * Sends from one of these ports to the same port of a peer, as corosync does; `heard` gets what comes back.
   * undefined for a port that it does not hold.
   */
  line(peer: string, port: number, heard: (packet: Packet) => void): Line | undefined;
  /** Lets go of a port: corosync wants to bind it. */
  release(port: number): void;
  close(): void;
}

/** Several may be open to one port of a peer: each knows its own answers by their nonce. */
interface Listener {
  readonly peer: string;
  readonly port: number;
  readonly heard: (packet: Packet) => void;
}

/** A pair of sockets, one on each side. */
export interface Line {
  send(packet: string): void;
  close(): void;
}

export interface AnswerSpec {
  /** The own address on the tailnet. */
  readonly address: string;
  readonly tag: string;
  readonly facts: () => Promise<RendezvousFacts>;
}

/**
 * Answers tagged peers on those of UDP 5405 to 5412 that nothing else holds: echoes, and this host's facts. No
 * secret authenticates a packet: the tunnel has proven who holds its source address, and the own daemon tells the
 * tags of that node. Tailscale drops such sources from elsewhere (tailscale.md 6.7). No answer is longer than
 * what it answers, and untagged nodes get none.
 */
export async function startAnswering(reader: Reader, spec: AnswerSpec): Promise<Answering> {
  const sockets = new Map<number, Socket>();
  const listeners = new Set<Listener>();
  const isPeer = tagCheck(reader, spec.tag);
  const inBounds = rateLimit();
  const parts = freshParts(spec.facts);
  await Promise.all(
    RENDEZVOUS_PORTS.map(async (port) => {
      const socket = await bind(spec.address, port);
      if (!socket) return;
      sockets.set(port, socket);
      socket.on("message", (bytes, from) => {
        hear(socket, port, bytes, from).catch(() => undefined);
      });
    }),
  );

  async function hear(socket: Socket, port: number, bytes: Uint8Array, from: RemoteInfo): Promise<void> {
    if (!inBounds(from.address)) return;
    const packet = readPacket(Buffer.from(bytes).toString());
    if (!packet || !(await isPeer(from.address))) return;
    for (const { peer, heard, ...on } of listeners)
      if (peer === from.address && on.port === port && from.port === port) heard(packet);
    const answer = await answerTo(packet, parts);
    if (answer === undefined || answer.length > bytes.length || !sockets.has(port)) return;
    socket.send(answer, from.port, from.address, ignored);
  }

  const release = (port: number) => {
    sockets.get(port)?.close();
    sockets.delete(port);
  };
  return {
    get ports() {
      return [...sockets.keys()].sort();
    },
    line(peer, port, heard) {
      if (!sockets.has(port)) return undefined;
      const listener: Listener = { peer, port, heard };
      listeners.add(listener);
      return {
        send: (packet) => sockets.get(port)?.send(packet, port, peer, ignored),
        close: () => listeners.delete(listener),
      };
    },
    release,
    close: () => {
      for (const port of [...sockets.keys()]) release(port);
    },
  };
}

/** Undefined where something else holds the port, or the address is not there. */
function bind(address: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      // A peer that is gone, or a tunnel that restarts: the next packet is another matter.
      socket.removeAllListeners("error").on("error", ignored);
      socket.unref();
      resolve(socket);
    });
  });
}

function ignored(): void {}

async function answerTo(packet: Packet, parts: () => Promise<readonly Part[]>): Promise<string | undefined> {
  const { kind, nonce } = packet;
  if (kind === "echo") return writePacket({ kind: "echoed", nonce });
  if (kind === "other version" && packet.asks) return writePacket({ ...packet, speaks: SPEAKS, asks: false });
  if (kind !== "ask") return undefined;
  const all = await parts();
  // Facts that changed while they were read are read from the beginning.
  const wanted = packet.whole === undefined || packet.whole === all[0]?.whole ? packet.part : 0;
  const part = all[wanted] ?? all[0];
  return part && writePacket({ kind: "told", nonce, ...part });
}

/** Looks at the host once a second at most, however many ask. */
function freshParts(facts: AnswerSpec["facts"]): () => Promise<readonly Part[]> {
  let parts: Promise<readonly Part[]> | undefined;
  return () => {
    if (!parts) {
      parts = facts().then(splitFacts);
      setTimeout(() => {
        parts = undefined;
      }, 1_000).unref();
    }
    return parts;
  };
}

/** Asks once a minute for each address; the answer "no" is forgotten sooner, as a tag may just have been given. */
function tagCheck(reader: Reader, tag: string): (address: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  const look = async (address: string) => {
    const holder = await whois(reader, address).catch(() => undefined);
    const yes = holder?.tags.includes(tag) ?? false;
    setTimeout(() => known.delete(address), yes ? 60_000 : 5_000).unref();
    return yes;
  };
  return (address) => {
    const asked = known.get(address) ?? look(address);
    known.set(address, asked);
    return asked;
  };
}

/** A peer that asks on all ports sends some 60 packets a second. */
const MOST_PER_SECOND = 200;
const MOST_ADDRESSES = 500;

function rateLimit(): (address: string) => boolean {
  const counts = new Map<string, number>();
  let second = 0;
  return (address) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) counts.clear();
    second = now;
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    return count <= MOST_PER_SECOND && counts.size <= MOST_ADDRESSES;
  };
}
