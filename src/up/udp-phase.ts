import type { KnownPeer } from "./ask-peers.ts";
import type { Company, UpOptions } from "./options.ts";
import type { Own } from "./preflight/preflight.ts";
import { findingWords } from "./preflight-table.ts";
import { proveUdp, type ShellOf } from "./prove-udp.ts";

/** Where no tailmox answered UDP, root's shell there may: it is known only now. What stays unproven stops, or is a risk. */
export async function udpPhase(
  own: Own,
  known: readonly KnownPeer[],
  { acceptRisks }: UpOptions,
  { talk, presence }: Company,
): Promise<KnownPeer[]> {
  const open = known.filter(({ reach }) => reach.unproven.length > 0);
  if (open.length === 0) return [...known];
  const phase = talk.phase("UDP", "an echo by root's ssh, where no tailmox answers (usually 2-5 s)");
  const shellOf: ShellOf = async ({ node }) =>
    known.find(({ peer }) => peer.address === node.address)?.contact.shell;
  const tried = known.map(({ peer, reach }) => ({ node: peer, reach }));
  const reached = await proveUdp(own, tried, presence?.answering, shellOf);
  const left = reached.filter(({ reach }) => reach.unproven.length > 0);
  const failed = reached.filter(
    ({ reach }, index) => reach.obstacles.length > (known[index]?.reach.obstacles.length ?? 0),
  );
  if (left.length + failed.length === 0)
    phase.ok(`both ways to ${open.map(({ peer }) => peer.name).join(", ")}`);
  else phase.warn(`lost or unproven to ${[...failed, ...left].map(({ node }) => node.name).join(", ")}`);
  talk.note(
    ...left.flatMap(({ node, reach }) => reach.unproven.flatMap((one) => findingWords(node.name, one, "--"))),
    ...failed.flatMap(({ node, reach }) => reach.obstacles.flatMap((one) => findingWords(node.name, one))),
  );
  const accepted = acceptRisks.includes("udp-unproven");
  return known.map((one, index) => {
    const reach = reached[index]?.reach ?? one.reach;
    const obstacles = [...reach.obstacles, ...(accepted ? [] : reach.unproven)];
    const { unproven, warnings } = reach;
    // Whoever asks the peer again describes it by its reach.
    return { ...one, reach: { ...reach, obstacles }, peer: { ...one.peer, obstacles, unproven, warnings } };
  });
}
