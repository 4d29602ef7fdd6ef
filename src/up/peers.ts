import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { readLans } from "../host/lans.ts";
import type { Ends } from "../rendezvous/try-port.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type TailnetStatus, withTag } from "../tailnet/status.ts";
import { askPeers, type KnownPeer, meet } from "./ask-peers.ts";
import type { Contact } from "./contact.ts";
import { lookAround } from "./join-links.ts";
import type { Company, UpOptions } from "./options.ts";
import type { OwnFacts } from "./own-host.ts";
import { preflight, type VisiblePeer } from "./preflight/preflight.ts";
import { outcomeOf, tellOutcome } from "./preflight/report.ts";
import { routeWarnings } from "./preflight/routes.ts";
import type { FirstSight } from "./preflight/sights.ts";
import { judgeUdp } from "./preflight/udp.ts";
import { findingWords, preflightTable } from "./preflight-table.ts";
import { lookByShell, type ShellSight } from "./prove-udp.ts";
import type { OwnTailnet } from "./tailnet.ts";
import { udpPhase } from "./udp-phase.ts";

/** Phases 4 and 5: who else is there, what lies between, and where each stands. Changes nothing. */
export async function meetPeers(
  host: Host,
  { node, place }: OwnFacts,
  tailnet: OwnTailnet,
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const { talk } = company;
  const seen = await findPeers(host, tailnet, options, company);
  if (seen.length === 0) return [];
  const own = { node: node.name, pve: node.pve.version, address: tailnet.address, place, tag: options.tag };
  const phase = talk.phase("Preflight", `trying ${seen.length} at once (usually 2-4 s)`);
  // Asking where a peer stands takes as long as trying the way to it, and neither needs the other's end.
  const asking = { host, options, company, names: seen.map(({ name }) => name) };
  const begun = new Map<string, Promise<Contact>>();
  const looks = new Map<string, Promise<ShellSight | undefined>>();
  const reached = await preflight(host, own, seen, company.presence, (peer, first) => {
    const contact = meet(asking, peer, first);
    const look = lookWhereUnproven(contact, first, { own: own.address, peer: peer.address }, company);
    // Where they fail they are waited for below, or the preflight itself has failed.
    for (const asked of [contact, look]) asked.catch(() => undefined);
    begun.set(peer.address, contact);
    looks.set(peer.address, look);
  });
  tellOutcome(phase, outcomeOf(reached));
  talk.note(...preflightTable(reached), ...(await ownRouteLines(host, tailnet)));
  const known = await askPeers(host, reached, begun, options, company);
  return udpPhase(own, known.map(lookAround), looks, options, company);
}

/** Begins only when the rendezvous has asked its last: what is started there would answer it, and pass for a tailmox. */
async function lookWhereUnproven(
  contact: Promise<Contact>,
  first: FirstSight,
  ends: Ends,
  { presence }: Company,
): Promise<ShellSight | undefined> {
  const [met, rendezvous] = await Promise.all([contact, first.rendezvous]);
  const isOpen = judgeUdp({ rendezvous }).kind === "unproven";
  return isOpen ? lookByShell(met, ends, presence?.answering) : undefined;
}

/** What is wrong with this host's own routes concerns no peer, and stops nobody. */
async function ownRouteLines(host: Host, { status, prefs }: OwnTailnet): Promise<string[]> {
  const found = routeWarnings(prefs, status, await readLans(host));
  return found.flatMap((finding) => findingWords("this host", finding));
}

async function findPeers(
  host: Host,
  tailnet: OwnTailnet,
  { tag, peerWaitMs }: UpOptions,
  { talk }: Company,
): Promise<VisiblePeer[]> {
  const phase = talk.phase("Peers", "looking for hosts with the tag");
  const first = visiblePeers(tailnet.status, tag);
  const isThere = (peers: readonly VisiblePeer[]) => peers.length > 0;
  if (!isThere(first)) phase.doing(`none visible; looking again for ${peerWaitMs / 1000} s`);
  const peers = await awaitPeers(host, { tag, first, waitMs: peerWaitMs }, isThere);
  if (peers.length === 0) phase.warn(`no other host with ${tag} is visible`);
  else phase.ok(`${peers.length} with ${tag}: ${peers.map(({ name }) => name).join(", ")}`);
  return peers;
}

/** A host that has just logged in comes into the others' map within seconds; others may be starting. */
export const PEER_WAIT_MS = 15_000;

/** The tagged peers, looked for until they are as wanted: those that are visible then, or when the time is over. */
export async function awaitPeers(
  host: Host,
  { tag, first, waitMs }: { tag: string; first: VisiblePeer[]; waitMs: number },
  areWanted: (peers: readonly VisiblePeer[]) => boolean,
): Promise<VisiblePeer[]> {
  let peers = first;
  if (areWanted(peers)) return peers;
  await poll(waitMs, 1_000, async () => {
    const facts = await readTailnet(host);
    if (facts.kind === "answers") peers = visiblePeers(facts.status, tag);
    return areWanted(peers) ? true : undefined;
  });
  return peers;
}

/** Those with the exact tag that have an address, by name. */
export function visiblePeers({ peers }: Pick<TailnetStatus, "peers">, tag: string): VisiblePeer[] {
  return withTag(peers, tag)
    .flatMap((node) => (node.address === undefined ? [] : [{ ...node, address: node.address }]))
    .sort((a, b) => a.name.localeCompare(b.name));
}
