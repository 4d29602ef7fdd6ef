import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { readLans } from "../host/lans.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type TailnetNode, withTag } from "../tailnet/status.ts";
import { askPeers, type KnownPeer } from "./ask-peers.ts";
import type { Company, UpOptions } from "./options.ts";
import type { OwnFacts } from "./own-host.ts";
import { preflight, type VisiblePeer } from "./preflight/preflight.ts";
import { outcomeOf, tellOutcome } from "./preflight/report.ts";
import { routeWarnings } from "./preflight/routes.ts";
import { findingWords, preflightTable } from "./preflight-table.ts";
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
  const phase = talk.phase("Preflight", `trying ${seen.length} at once (usually 4-6 s)`);
  const reached = await preflight(host, own, seen, company.presence);
  tellOutcome(phase, outcomeOf(reached));
  talk.note(...preflightTable(reached), ...(await ownRouteLines(host, tailnet)));
  const known = await askPeers(host, reached, options, company);
  return udpPhase(own, known, options, company);
}

/** What is wrong with this host's own routes concerns no peer, and stops nobody. */
async function ownRouteLines(host: Host, { status }: OwnTailnet): Promise<string[]> {
  const facts = await readTailnet(host);
  if (facts.kind !== "answers") return [];
  const found = routeWarnings(facts.prefs, status, await readLans(host));
  return found.flatMap((finding) => findingWords("this host", finding));
}

async function findPeers(
  host: Host,
  tailnet: OwnTailnet,
  options: UpOptions,
  { talk }: Company,
): Promise<VisiblePeer[]> {
  const phase = talk.phase("Peers", "looking for hosts with the tag");
  let peers = addressed(withTag(tailnet.status.peers, options.tag));
  if (peers.length === 0) {
    phase.doing(`none visible; looking again for ${options.peerWaitMs / 1000} s`);
    peers =
      (await poll(options.peerWaitMs, 1_000, async () => {
        const facts = await readTailnet(host);
        const found = facts.kind === "answers" ? addressed(withTag(facts.status.peers, options.tag)) : [];
        return found.length > 0 ? found : undefined;
      })) ?? [];
  }
  if (peers.length === 0) phase.warn(`no other host with ${options.tag} is visible`);
  else phase.ok(`${peers.length} with ${options.tag}: ${peers.map(({ name }) => name).join(", ")}`);
  return peers;
}

/** Those that have an address, by name. */
export function addressed(nodes: readonly TailnetNode[]): VisiblePeer[] {
  return nodes
    .flatMap((node) => (node.address === undefined ? [] : [{ ...node, address: node.address }]))
    .sort((a, b) => a.name.localeCompare(b.name));
}
