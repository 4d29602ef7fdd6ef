import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { readLans } from "../host/lans.ts";
import { readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { askPeer } from "./ask-peers.ts";
import type { Passwords } from "./passwords.ts";
import { awaitPeers, PEER_WAIT_MS, visiblePeers } from "./peers.ts";
import { type Own, preflight, type VisiblePeer } from "./preflight/preflight.ts";
import { type CheckReport, describeCheck, outcomeOf, tellOutcome } from "./preflight/report.ts";
import { routeWarnings } from "./preflight/routes.ts";
import { findingWords, preflightTable } from "./preflight-table.ts";
import { bePresent } from "./presence.ts";
import { type LookAt, lookByShell, proveUdp } from "./prove-udp.ts";
import { assertFit } from "./tailnet-fitness.ts";
import type { Talk } from "./talk.ts";

export interface CheckOptions {
  /** Exact tag of the hosts. */
  readonly tag: string;
  /** Names or addresses; all with the tag where none is given. */
  readonly peers: readonly string[];
  readonly passwords: Passwords;
  /** Of this tailmox: told to peers. */
  readonly version: string;
}

/**
 * The preflight alone: what lies between this host and its peers, members or not. Answers peers meanwhile, so that two
 * hosts can check each other. Changes nothing. Throws E_PEER_NOT_FOUND where there is nobody to check.
 */
export async function checkPeers(host: Host, options: CheckOptions, talk: Talk): Promise<CheckReport> {
  // A host without Proxmox is told so, and not that /etc/pve is away.
  const node = await readOwnNode(host);
  const [place, facts] = await Promise.all([readPlace(host), readTailnet(host)]);
  const { status, prefs, address } = assertFit(facts, { tag: options.tag, loginServer: undefined });
  const own: Own = { node: node.name, pve: node.pve.version, address, place, tag: options.tag };
  const peers = chosen(await findPeers(host, visiblePeers(status, options.tag), options, talk), options);
  const phase = talk.phase("Preflight", `trying ${peers.length} at once (usually 2-4 s)`);
  const presence = await bePresent(host, { ...own, version: options.version });
  const lookAt: LookAt = async ({ node, reach }, names) => {
    const { contact } = await askPeer({ host, options, company: {}, names }, node, reach, reach.rendezvous);
    return lookByShell(contact, { own: address, peer: node.address }, presence.answering);
  };
  try {
    const tried = await preflight(host, own, peers, presence);
    phase.doing("an echo by root's ssh, where no tailmox answers UDP");
    const reached = await proveUdp(own, tried, lookAt);
    tellOutcome(phase, outcomeOf(reached));
    const routes = routeWarnings(prefs, status, await readLans(host));
    talk.note(
      ...preflightTable(reached, { isLast: true }),
      ...routes.flatMap((finding) => findingWords("this host", finding)),
    );
    return describeCheck(own, reached, routes);
  } finally {
    presence.close();
  }
}

async function findPeers(
  host: Host,
  first: VisiblePeer[],
  { tag, peers: wanted }: CheckOptions,
  talk: Talk,
): Promise<VisiblePeer[]> {
  const areThere = (peers: readonly VisiblePeer[]) =>
    peers.length > 0 && wanted.every((word) => called(word, peers));
  if (areThere(first)) return first;
  const phase = talk.phase("Peers", `not visible yet; looking again for ${PEER_WAIT_MS / 1000} s`);
  const peers = await awaitPeers(host, { tag, first, waitMs: PEER_WAIT_MS }, areThere);
  if (areThere(peers)) phase.ok(`${peers.length} with ${tag}`);
  else phase.warn(`${peers.length} with ${tag} visible`);
  return peers;
}

function chosen(peers: readonly VisiblePeer[], { peers: wanted, tag }: CheckOptions): VisiblePeer[] {
  if (peers.length === 0) throw notFound(`no other host with ${tag} is visible`);
  if (wanted.length === 0) return [...peers];
  return wanted.map((word) => {
    const found = called(word, peers);
    if (found) return found;
    throw notFound(`no host "${word}" with ${tag} is visible`);
  });
}

function called(word: string, peers: readonly VisiblePeer[]): VisiblePeer | undefined {
  return peers.find(({ name, dnsName, address }) =>
    [name, dnsName, address].some((own) => own.toLowerCase() === word.toLowerCase()),
  );
}

function notFound(what: string): UserError {
  return new UserError("E_PEER_NOT_FOUND", what, {
    likely: "it is not in the tailnet, has another tag, or the tailnet policy hides it",
    mend: "tailscale status shows names and addresses; tailmox policy check",
  });
}
