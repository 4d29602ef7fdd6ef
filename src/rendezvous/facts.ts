import { z } from "zod";
import type { Place } from "../cluster/facts.ts";

/** What a host tells its peers while tailmox runs on it. */
export interface RendezvousFacts {
  /** Its Proxmox node name. */
  readonly node: string;
  /** Versions of tailmox and of Proxmox VE. */
  readonly tailmox: string;
  readonly pve: string;
  /** Absent while it changes: in the middle of a create or a join. */
  readonly place?: Place;
  /** The tailnet address of the founder that it elects; absent before it has decided. */
  readonly elects?: string;
  /** A member on which `tailmox admit` runs. */
  readonly admits?: boolean;
  /** The tailnet address of the host that it lets in at this moment. */
  readonly admitted?: string;
  /** Root's public ssh key, type and key alone, while it waits to be let in. */
  readonly rootKey?: string;
}

/** Reads what a peer sent; undefined when it is something else. */
export function parseFacts(json: unknown): RendezvousFacts | undefined {
  return factsJson.safeParse(json).data;
}

/** What comes from a peer is shown on a terminal: no control characters, no page of text. */
const words = z.string().regex(/^[\x20-\x7e]{0,64}$/);
const nodeName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$/);
const count = z.int().min(0).max(1_000_000);

const member = z
  .object({
    name: nodeName,
    id: count,
    link0: words,
    votes: count,
    published: words.optional(),
    online: z.boolean(),
  })
  .transform((read) => ({ ...read, published: read.published }));

const place = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("standalone"), guests: count }),
  z.object({
    kind: z.literal("member"),
    cluster: z.object({
      name: words,
      quorate: z.boolean(),
      expectedVotes: count,
      presentVotes: count,
      members: z.array(member).max(64),
      qdevice: z.boolean(),
      links: count.exactOptional(),
      provisional: z.boolean().exactOptional(),
    }),
  }),
]);

const factsJson = z.object({
  node: nodeName,
  tailmox: words,
  pve: words,
  place: place.exactOptional(),
  elects: z.ipv4().exactOptional(),
  admits: z.boolean().exactOptional(),
  admitted: z.ipv4().exactOptional(),
  // Goes into an authorized_keys as it is: no options before it, no second line, no comment.
  rootKey: z
    .string()
    .max(1_000)
    .regex(/^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) AAAA[A-Za-z0-9+/]+={0,2}$/)
    .exactOptional(),
});
