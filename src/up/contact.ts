import { ZodError } from "zod";
import type { Cluster, Verdict } from "../cluster/facts.ts";
import { offerPassword } from "../host/askpass.ts";
import type { Host } from "../host/host.ts";
import { type HostKey, presentedHostKey, sshTransport } from "../host/ssh.ts";
import { type PinnedServer, pinServer } from "../proxmox/pinned-server.ts";
import { readPlace } from "../proxmox/place.ts";
import { readPlaceByApi } from "../proxmox/place-by-api.ts";
import { removeNode, removeNodeByApi } from "../proxmox/remove-node.ts";
import { login } from "../proxmox/rest.ts";
import type { RendezvousAnswer } from "../rendezvous/ask.ts";
import type { Admission } from "../steps/join-cluster.ts";

/** How a peer was reached, and what it said. */
export interface Contact {
  readonly verdict: Verdict;
  /** What would let this host into the peer's cluster; undefined when nothing was accepted. */
  readonly admission: Admission | undefined;
  /** Asks again where it stands; undefined when it does not answer. */
  readonly ask: () => Promise<Cluster | undefined>;
  /** Root's shell there; undefined where only the API lets this host in. */
  readonly shell?: Host;
  /** Why there is none, in words. */
  readonly noShell?: string;
  /** A password was given, and what kept it from leading in may pass. */
  readonly mayOpen?: boolean;
  /** Takes a host out of its cluster's node list; throws, in words, when that cannot be. */
  readonly takeOut: (node: string) => Promise<void>;
}

interface Whom {
  readonly name: string;
  readonly address: string;
}

/**
 * What a peer told by the rendezvous, which needs no password; `again` asks it anew. It lets nobody in: a join needs
 * ssh or the API besides.
 */
export function toldByRendezvous(
  { facts, otherVersion }: RendezvousAnswer,
  again: () => Promise<RendezvousAnswer>,
): Contact {
  const none = unanswered(
    otherVersion !== undefined
      ? "rendezvous: the tailmox there speaks another version of it"
      : facts
        ? "rendezvous: it is in the middle of a create or a join"
        : "rendezvous: no tailmox up, check or admit runs there",
  );
  const place = facts?.place;
  if (!place) return none;
  const ask = async () => {
    const now = (await again()).facts?.place;
    return now && clusterOf(now);
  };
  return { ...none, verdict: place, ask };
}

/** Asks a peer by root ssh without a password, where that works. */
export async function askBySsh(
  host: Host,
  whom: Whom,
  scanned?: Promise<HostKey | undefined>,
): Promise<Contact> {
  const opened = await openShell(host, whom, scanned);
  if (typeof opened === "string") return unanswered(opened);
  const { shell, hostKey } = opened;
  try {
    const verdict = await readPlace(shell);
    return { verdict, admission: { kind: "ssh", hostKey }, ...throughShell(shell) };
  } catch (error) {
    return unanswered(`ssh as root: ${words(error)}`);
  }
}

/**
 * Asks through the shell that was opened there before; undefined where there is none, or it tells nothing any more.
 * Each further login by a key that is not known there would bring sshd's penalty nearer (src/host/ssh.ts).
 */
export async function askAgain(before: Contact, address: string): Promise<Contact | undefined> {
  const { shell, verdict, admission } = before;
  if (!shell) return undefined;
  try {
    const [place, server] = await Promise.all([
      readPlace(shell, { isMember: verdict.kind === "member" }),
      // Whoever created a cluster meanwhile presents a new certificate.
      admission?.kind === "api" ? pinServer(address) : undefined,
    ]);
    const renewed = admission && server && { ...admission, fingerprint: server.fingerprint };
    return { ...before, verdict: place, admission: renewed ?? admission };
  } catch {
    return undefined;
  }
}

/** Root's shell by key, or in words why there is none. */
export async function openShell(
  host: Host,
  { name, address }: Whom,
  scanned = presentedHostKey(host, address),
): Promise<{ readonly shell: Host; readonly hostKey: HostKey } | string> {
  const hostKey = await scanned;
  if (!hostKey) return NO_HOST_KEY;
  const shell = host.other(sshTransport(name, address, hostKey));
  const hello = await shell.run(["true"], { timeoutMs: 15_000 });
  return hello.exitCode === 0 ? { shell, hostKey } : `ssh as root: ${lastLine(hello.stderr) || "no answer"}`;
}

const NO_HOST_KEY = "ssh: it presented no host key";

/**
 * Asks a peer by its REST API, with its root password, and opens root's shell there besides where sshd takes the same:
 * only a shell holds the join lock, tells a member that is alone what to expect, and answers UDP where no tailmox runs.
 * Without `scanned` no shell is tried; without a pinned server nobody is asked.
 */
export async function askByPassword(
  host: Host,
  whom: Whom,
  password: string,
  scanned: Promise<HostKey | undefined> | undefined,
  pinned: Promise<PinnedServer | undefined>,
): Promise<Contact> {
  try {
    const server = await pinned;
    if (!server) return unanswered("API: TCP 8006 does not answer");
    const answer = await login(server, password);
    if (answer.kind === "second factor") return barred("API: root@pam has a second factor there");
    if (answer.kind === "refused") return barred("API: the password of root was refused");
    if (answer.kind === "failed") return unanswered(`API: ${answer.words}`);
    const { session } = answer;
    const [verdict, shell] = await Promise.all([
      readPlaceByApi(session),
      scanned && shellByPassword(host, whom, password, await scanned),
    ]);
    const contact: Contact = {
      verdict,
      admission: { kind: "api", password, fingerprint: server.fingerprint },
      ask: async () => clusterOf(await readPlaceByApi(session)),
      takeOut: (node) => removeNodeByApi(host, session, { node, member: whom.name }),
    };
    if (typeof shell !== "object") return { ...contact, ...(shell !== undefined && { noShell: shell }) };
    return { ...contact, verdict: await seenByShell(verdict, shell), ...throughShell(shell) };
  } catch (error) {
    return unanswered(`API: ${words(error)}`);
  }
}

/** The shell sees more of a cluster than the API tells: all expected votes, a qdevice that is silent, its age. */
async function seenByShell(verdict: Verdict, shell: Host): Promise<Verdict> {
  return verdict.kind === "member" ? readPlace(shell, { isMember: true }).catch(() => verdict) : verdict;
}

/** Only once the API has taken the password: sshd must not count a wrong one, too. */
async function shellByPassword(
  host: Host,
  { name, address }: Whom,
  password: string,
  hostKey: HostKey | undefined,
): Promise<Host | string> {
  if (!hostKey) return NO_HOST_KEY;
  const askpass = await offerPassword(password);
  if (!askpass) return "ssh: this program runs from source and offers no password";
  const shell = host.other(sshTransport(name, address, hostKey, askpass));
  const hello = await shell.run(["true"], { timeoutMs: 20_000 });
  return hello.exitCode === 0 ? shell : `ssh as root by password: ${lastLine(hello.stderr) || "no answer"}`;
}

function throughShell(shell: Host): Pick<Contact, "shell" | "ask" | "takeOut"> {
  return {
    shell,
    ask: async () => clusterOf(await readPlace(shell)),
    takeOut: (node) => removeNode(shell, node),
  };
}

/** The answer of a peer that gave none, with what was tried. */
export function unanswered(...tried: readonly string[]): Contact {
  return {
    verdict: { kind: "unknown", tried },
    admission: undefined,
    ask: async () => undefined,
    takeOut: () => Promise.reject(new Error("nobody there was reached")),
  };
}

/** The same, where asking again would bring no other answer. */
export function barred(...tried: readonly string[]): Contact {
  return { ...unanswered(), verdict: { kind: "unknown", tried, lasting: true } };
}

function clusterOf(verdict: Verdict): Cluster | undefined {
  return verdict.kind === "member" ? verdict.cluster : undefined;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function words(error: unknown): string {
  if (error instanceof ZodError) return "an answer in a form that tailmox does not know";
  return error instanceof Error ? error.message : String(error);
}
