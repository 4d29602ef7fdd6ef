import { ZodError } from "zod";
import type { Cluster, Verdict } from "../cluster/facts.ts";
import { closedGate } from "../host/gate.ts";
import type { Host } from "../host/host.ts";
import { openHost } from "../host/host.ts";
import { noJournal } from "../host/journal.ts";
import { presentedHostKey, sshTransport } from "../host/ssh.ts";
import { pinServer } from "../proxmox/pinned-server.ts";
import { readPlace } from "../proxmox/place.ts";
import { readPlaceByApi } from "../proxmox/place-by-api.ts";
import { login } from "../proxmox/rest.ts";
import type { Admission } from "../steps/join-cluster.ts";

/** How a peer was reached, and what it said. */
export interface Contact {
  readonly verdict: Verdict;
  /** What would let this host into the peer's cluster; undefined when nothing was accepted. */
  readonly admission: Admission | undefined;
  /** Asks again where it stands; undefined when it does not answer. */
  readonly ask: () => Promise<Cluster | undefined>;
}

interface Whom {
  readonly name: string;
  readonly address: string;
}

/** Asks a peer by root ssh without a password, where that works. */
export async function askBySsh(host: Host, { name, address }: Whom): Promise<Contact> {
  const hostKey = await presentedHostKey(host, address);
  if (!hostKey) return unanswered("ssh: it presented no host key");
  // Peers are only looked at, dry run or not.
  const peer = openHost(sshTransport(name, address, hostKey), closedGate, noJournal);
  const hello = await peer.run(["true"], { timeoutMs: 15_000 });
  if (hello.exitCode !== 0) return unanswered(`ssh as root: ${lastLine(hello.stderr) || "no answer"}`);
  try {
    const verdict = await readPlace(peer);
    const ask = async () => clusterOf(await readPlace(peer));
    return { verdict, admission: { kind: "ssh", hostKey }, ask };
  } catch (error) {
    return unanswered(`ssh as root: ${words(error)}`);
  }
}

/** Asks a peer by its REST API, with its root password. */
export async function askByApi({ address }: Whom, password: string): Promise<Contact> {
  try {
    const server = await pinServer(address);
    const answer = await login(server, password);
    if (answer.kind === "second factor") return unanswered("API: root@pam has a second factor there");
    if (answer.kind === "refused") return unanswered("API: the password of root was refused");
    if (answer.kind === "failed") return unanswered(`API: ${answer.words}`);
    const { session } = answer;
    const verdict = await readPlaceByApi(session);
    const admission = { kind: "api", password, fingerprint: server.fingerprint } as const;
    return { verdict, admission, ask: async () => clusterOf(await readPlaceByApi(session)) };
  } catch (error) {
    return unanswered(`API: ${words(error)}`);
  }
}

/** The answer of a peer that gave none, with what was tried. */
export function unanswered(...tried: readonly string[]): Contact {
  return { verdict: { kind: "unknown", tried }, admission: undefined, ask: async () => undefined };
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
