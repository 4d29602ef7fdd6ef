import { poll } from "../host/deadline.ts";
import type { Host } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { type TailnetNode, withTag } from "../tailnet/status.ts";
import { askPeers, type KnownPeer, type ReachedPeer } from "./ask-peers.ts";
import type { Company, UpOptions } from "./options.ts";
import { preflightTable } from "./preflight-table.ts";
import { tryPeer } from "./reach.ts";
import type { OwnTailnet } from "./tailnet.ts";

/** Phases 4 and 5: who else is there, what lies between, and where each stands. Changes nothing. */
export async function meetPeers(
  host: Host,
  tailnet: OwnTailnet,
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[]> {
  const { talk } = company;
  const seen = await findPeers(host, tailnet, options, company);
  if (seen.length === 0) return [];
  const preflight = talk.phase("Preflight", `trying ${seen.length} at once (usually 4-6 s)`);
  const reached = await Promise.all(
    seen.map(async (node) => ({ node, reach: await tryPeer(host, node, node.address) })),
  );
  const bad = reached.filter(({ reach }) => reach.obstacles.length > 0).length;
  const verdict = `${seen.length - bad} of ${seen.length} reachable`;
  if (bad > 0) preflight.warn(verdict);
  else preflight.ok(verdict);
  talk.note(...preflightTable(reached.map(({ node, reach }) => ({ name: node.name, reach }))));
  return askPeers(host, reached, options, company);
}

async function findPeers(
  host: Host,
  tailnet: OwnTailnet,
  options: UpOptions,
  { talk }: Company,
): Promise<ReachedPeer["node"][]> {
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

function addressed(nodes: readonly TailnetNode[]): ReachedPeer["node"][] {
  return nodes
    .flatMap((node) => (node.address === undefined ? [] : [{ ...node, address: node.address }]))
    .sort((a, b) => a.name.localeCompare(b.name));
}
