import type { Cluster } from "../cluster/facts.ts";
import type { Host } from "../host/host.ts";
import { fingerprint } from "../host/key-fingerprint.ts";
import type { RendezvousAnswer } from "../rendezvous/ask.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { withTag } from "../tailnet/status.ts";

/** A host that asks to be let in, as it told by the rendezvous. */
export interface Applicant {
  /** First label of its DNS name in the tailnet. */
  readonly name: string;
  readonly address: string;
  /** Its Proxmox node name. */
  readonly node: string;
  readonly pve: string;
  readonly tailmox: string;
  readonly guests: number | undefined;
  /** Root's public key, type and key. */
  readonly key: string;
  readonly fingerprint: string;
}

export interface Seen {
  readonly applicants: readonly Applicant[];
  /** Tagged hosts that are no members, and do not ask. */
  readonly silent: readonly string[];
}

/** Who of the tagged hosts asks to be let in. The tunnel proves who answers at an address. */
export async function readApplicants(
  host: Host,
  { tag, cluster }: { tag: string; cluster: Cluster },
  ask: (address: string) => Promise<RendezvousAnswer>,
): Promise<Seen> {
  const facts = await readTailnet(host);
  const peers = facts.kind === "answers" ? withTag(facts.status.peers, tag) : [];
  const strangers = peers.flatMap(({ name, address }) =>
    address === undefined || cluster.members.some(({ link0 }) => link0 === address)
      ? []
      : [{ name, address }],
  );
  const answers = await Promise.all(
    strangers.map(async (stranger) => ({
      ...stranger,
      applicant: applicantOf(stranger, await ask(stranger.address)),
    })),
  );
  return {
    applicants: answers.flatMap(({ applicant }) => applicant ?? []),
    silent: answers.flatMap(({ name, applicant }) => (applicant ? [] : [name])),
  };
}

function applicantOf(
  { name, address }: { name: string; address: string },
  { facts }: RendezvousAnswer,
): Applicant | undefined {
  if (facts?.rootKey === undefined) return undefined;
  const { node, pve, tailmox, place, rootKey: key } = facts;
  const guests = place?.kind === "standalone" ? place.guests : undefined;
  return { name, address, node, pve, tailmox, guests, key, fingerprint: fingerprint(key) };
}
