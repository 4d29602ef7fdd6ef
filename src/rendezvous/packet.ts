import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { parseJson } from "../host/json.ts";
import { parseFacts, type RendezvousFacts } from "./facts.ts";

/** The ports that a cluster's policy opens anyway: corosync's links 0 to 7 (proxmox.md 13). */
export const RENDEZVOUS_PORTS = [5405, 5406, 5407, 5408, 5409, 5410, 5411, 5412] as const;

/** One datagram, JSON. `tailmox`, `nonce` and the kinds that ask keep their meaning in every version to come. */
export type Packet =
  /** "bye" ends what src/host/udp-echo.ts has started. */
  | { readonly kind: "echo" | "echoed" | "bye"; readonly nonce: string }
  /** `whole` names the text that the asker has begun to read; absent with part 0. */
  | {
      readonly kind: "ask";
      readonly nonce: string;
      readonly part: number;
      readonly whole?: string | undefined;
    }
  | ({ readonly kind: "told"; readonly nonce: string } & Part)
  /** What a packet of another version is read as, and how one is answered. */
  | {
      readonly kind: "other version";
      readonly nonce: string;
      readonly speaks: number;
      readonly asks: boolean;
    };

/** A piece of a host's facts: node lists and keys are longer than a datagram. */
export interface Part {
  readonly part: number;
  readonly parts: number;
  /** Digest of the text that all parts make. */
  readonly whole: string;
  readonly text: string;
}

export const SPEAKS = 1;

/** With IP's and UDP's headers within the tunnel's 1280 bytes (tailscale.md 6.1). */
export const LONGEST_PACKET = 1_190;

/** The datagram. `padTo` makes a request as long as its longest answer, so that nobody is made an amplifier. */
export function writePacket(packet: Packet, padTo = 0): string {
  const bare = JSON.stringify({ tailmox: SPEAKS, ...packet });
  const missing = padTo - bare.length - ',"pad":""'.length;
  return missing <= 0 ? bare : JSON.stringify({ tailmox: SPEAKS, ...packet, pad: " ".repeat(missing) });
}

/** Reads a datagram; undefined when it is none of ours. */
export function readPacket(text: string): Packet | undefined {
  if (text.length > LONGEST_PACKET) return undefined;
  const json = parseJson(text);
  const head = headJson.safeParse(json).data;
  if (!head) return undefined;
  const { tailmox: speaks, nonce, kind } = head;
  if (speaks === SPEAKS) return packetJson.safeParse(json).data;
  // Answered only where it asks: two answers must never answer each other for ever.
  return { kind: "other version", nonce, speaks, asks: kind === "echo" || kind === "ask" };
}

/** Nobody who does not see the packets can guess it, so an answer that bears it is one. */
export function newNonce(): string {
  return randomBytes(16).toString("hex");
}

/** The facts in pieces, each of which fits into a datagram. */
export function splitFacts(facts: RendezvousFacts): readonly Part[] {
  const bytes = Buffer.from(JSON.stringify(facts));
  const whole = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => ({
    part,
    parts,
    whole,
    text: bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString("base64"),
  }));
}

/** The facts of all the pieces, in any order; undefined when one is missing, or it is something else. */
export function joinFacts(pieces: readonly Part[]): RendezvousFacts | undefined {
  const sorted = [...pieces].sort((a, b) => a.part - b.part);
  if (sorted.length !== pieces[0]?.parts) return undefined;
  const text = Buffer.concat(sorted.map((piece) => Buffer.from(piece.text, "base64"))).toString();
  return parseFacts(parseJson(text));
}

/** As base64, with all that stands around it, below LONGEST_PACKET. */
const PART_BYTES = 750;
/** A cluster of 64 nodes needs ten. */
const MOST_PARTS = 32;

const nonce = z.string().regex(/^[0-9a-f]{32}$/);
const whole = z.string().regex(/^[0-9a-f]{16}$/);
const part = z
  .int()
  .min(0)
  .max(MOST_PARTS - 1);

const headJson = z.object({ tailmox: z.int().min(1).max(1_000), nonce, kind: z.string() });

const packetJson = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["echo", "echoed", "bye"]), nonce }),
  z.object({ kind: z.literal("ask"), nonce, part, whole: whole.optional() }),
  z.object({
    kind: z.literal("told"),
    nonce,
    part,
    parts: z.int().min(1).max(MOST_PARTS),
    whole,
    text: z.base64().max(LONGEST_PACKET),
  }),
]);
