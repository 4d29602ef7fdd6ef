import { createSocket } from "node:dgram";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { readPlace } from "../proxmox/place.ts";
import { type Answering, startAnswering } from "../rendezvous/answer.ts";
import { askFacts, askRendezvous, type RendezvousAnswer } from "../rendezvous/ask.ts";
import type { RendezvousFacts } from "../rendezvous/facts.ts";

/** This host among its peers, while `up`, `check` or `admit` runs here. */
export interface Presence {
  /** This tailmox's version: what peers are told, and compare. */
  readonly version: string;
  readonly answering: Answering;
  /** Tries all ports, and reads the facts; `heard` is called as soon as it is known whether somebody answers there. */
  ask(address: string, heard?: (somebody: boolean) => void): Promise<RendezvousAnswer>;
  /** Reads the facts alone, which is soon done. */
  askFacts(address: string): Promise<RendezvousAnswer>;
  /** What peers are told besides, from now on; undefined takes it back. */
  tell(news: { readonly [Key in keyof News]?: News[Key] | undefined }): void;
  /** Before corosync starts here: lets go of its port. Throws E_PORT_TAKEN when something else holds that, too. */
  makeRoom(corosync?: { readonly runsHere: boolean }): Promise<void>;
  close(): void;
}

type News = Pick<RendezvousFacts, "elects" | "admits" | "admitted" | "rootKey">;

export interface PresenceSpec {
  readonly node: string;
  readonly pve: string;
  readonly version: string;
  readonly address: string;
  readonly tag: string;
}

/** Answers tagged peers from now on, until `close`. Changes nothing. */
export async function bePresent(host: Host, spec: PresenceSpec): Promise<Presence> {
  const { node, pve, version, address, tag } = spec;
  let news: Parameters<Presence["tell"]>[0] = {};
  const facts = async (): Promise<RendezvousFacts> => {
    // In the middle of a create or a join /etc/pve is away: that is no place to stand at.
    const place = await readPlace(host).catch(() => undefined);
    const { elects, admits, admitted, rootKey } = news;
    return {
      node,
      tailmox: version,
      pve,
      ...(place && { place }),
      ...(elects !== undefined && { elects }),
      ...(admits !== undefined && { admits }),
      ...(admitted !== undefined && { admitted }),
      ...(rootKey !== undefined && { rootKey }),
    };
  };
  const answering = await startAnswering(host, { address, tag, facts });
  // A corosync that is alone does not hold its port, and has to find it free when somebody joins.
  if ((await facts()).place?.kind !== "standalone") answering.release(COROSYNC_PORT);
  return {
    version,
    answering,
    ask: (peer, heard) => askRendezvous(address, peer, { from: answering, ...(heard && { heard }) }),
    askFacts: (peer) => askFacts(address, peer),
    tell: (more) => {
      news = { ...news, ...more };
    },
    makeRoom: async ({ runsHere } = { runsHere: false }) => {
      answering.release(COROSYNC_PORT);
      // Then it may hold the port itself; it does so only when it has somebody to speak to.
      if (runsHere) return;
      const free = await poll(FREE_MS, 500, async () =>
        (await isFree(address, COROSYNC_PORT)) ? true : undefined,
      );
      if (!free) throw portTaken(address);
    },
    close: answering.close,
  };
}

/** Of link 0 (proxmox.md 13). */
const COROSYNC_PORT = 5405;
/** A `tailmox check` that runs here besides holds it for some 10 s. */
const FREE_MS = 20_000;

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (free: boolean) => socket.close(() => resolve(free));
    // An address that is not there is another matter, and corosync binds it all the same (proxmox.md 13).
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code !== "EADDRINUSE"));
    socket.bind({ address, port, exclusive: true }, () => end(true));
  });
}

function portTaken(address: string): UserError {
  return new UserError("E_PORT_TAKEN", `UDP ${COROSYNC_PORT} of ${address} is held by another program`, {
    likely: "corosync could not start; a tailmox check that hangs, or a program of your own",
    mend: `ss -lunp sport = :${COROSYNC_PORT} shows it; end it, then run tailmox up again`,
  });
}
