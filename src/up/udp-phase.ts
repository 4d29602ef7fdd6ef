import type { Finding } from "../cluster/facts.ts";
import type { KnownPeer } from "./ask-peers.ts";
import type { Company, UpOptions } from "./options.ts";
import type { Own, ReachedPeer } from "./preflight/preflight.ts";
import { findingWords } from "./preflight-table.ts";
import { type LookAt, lookByShell, proveUdp, type ShellSight } from "./prove-udp.ts";

/**
 * Where no tailmox answered UDP, root's shell there may. `begun` are those by their address that are being looked at
 * already. What stays unproven stops, or is a risk.
 */
export async function udpPhase(
  own: Own,
  known: readonly KnownPeer[],
  begun: ReadonlyMap<string, Promise<ShellSight | undefined>>,
  { acceptRisks }: UpOptions,
  { talk, presence }: Company,
): Promise<KnownPeer[]> {
  const open = known.filter(({ reach }) => reach.unproven.length > 0);
  if (open.length === 0) return [...known];
  const phase = talk.phase("UDP", "an echo by root's ssh, where no tailmox answers (usually 1 s)");
  const lookAt: LookAt = async ({ node }) => {
    const contact = known.find(({ peer }) => peer.address === node.address)?.contact;
    const ends = { own: own.address, peer: node.address };
    return (await begun.get(node.address)) ?? (contact && lookByShell(contact, ends, presence?.answering));
  };
  const tried = known.map(({ peer, reach }) => ({ node: peer, reach }));
  const reached = await proveUdp(own, tried, lookAt);
  const asked = reached.filter(({ node }) => open.some(({ peer }) => peer.address === node.address));
  const still = asked.filter(({ reach }) => reach.udp.kind !== "both ways");
  if (still.length === 0) phase.ok(`both ways to ${names(asked)}`);
  else phase.warn(`lost or unproven to ${names(still)}`);
  talk.note(...asked.flatMap((peer) => newsOf(peer, open)));
  const accepted = acceptRisks.includes("udp-unproven");
  return known.map((one, index) => {
    const reach = reached[index]?.reach ?? one.reach;
    const obstacles = [...reach.obstacles, ...(accepted ? [] : reach.unproven)];
    const { unproven, warnings } = reach;
    // Whoever asks the peer again describes it by its reach.
    return { ...one, reach: { ...reach, obstacles }, peer: { ...one.peer, obstacles, unproven, warnings } };
  });
}

function names(peers: readonly ReachedPeer[]): string {
  return peers.map(({ node }) => node.name).join(", ");
}

/** What was found only now: the rest stands below the table already. */
function newsOf({ node, reach }: ReachedPeer, before: readonly KnownPeer[]): string[] {
  const told = before
    .flatMap((one) => [...one.reach.obstacles, ...one.reach.warnings])
    .map(({ what }) => what);
  const isNew = ({ what }: Finding) => !told.includes(what);
  return [
    ...[...reach.obstacles, ...reach.warnings].filter(isNew).flatMap((one) => findingWords(node.name, one)),
    ...reach.unproven.flatMap((one) => findingWords(node.name, one, "--")),
  ];
}
