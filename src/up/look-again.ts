import { completeVerdicts } from "../cluster/verdicts.ts";
import type { Host } from "../host/host.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { withTag } from "../tailnet/status.ts";
import { askPeer, type KnownPeer } from "./ask-peers.ts";
import type { Company, UpOptions } from "./options.ts";
import type { OwnFacts } from "./own-host.ts";
import { meetPeers } from "./peers.ts";
import type { OwnTailnet } from "./tailnet.ts";
import type { Talk } from "./talk.ts";

/** All that looking at the peers takes. */
export interface Outlook {
  readonly host: Host;
  readonly own: OwnFacts;
  readonly tailnet: OwnTailnet;
  readonly options: UpOptions;
  readonly company: Company;
}

export interface Look {
  /** Asks those at these addresses only; default: all. */
  readonly only?: readonly string[];
  /** Makes the preflight again where one was not reached; a new peer has it made in any case. */
  readonly retry?: boolean;
}

/** Where the peers stand now, asked quietly. */
export async function lookAgain(
  outlook: Outlook,
  known: readonly KnownPeer[],
  { only, retry = false }: Look = {},
): Promise<KnownPeer[]> {
  const { host, own, tailnet, options, company } = outlook;
  const facts = await readTailnet(host);
  if (facts.kind !== "answers") return [...known];
  const visible = withTag(facts.status.peers, options.tag).flatMap(({ address }) => address ?? []);
  const good = known.filter(({ peer }) => !retry || peer.obstacles.length === 0);
  if (visible.every((address) => good.some(({ peer }) => peer.address === address))) {
    return askThese(outlook, known, only ?? visible);
  }
  const silent: Company = { ...company, ask: undefined, talk: quiet(company.talk) };
  const now: OwnTailnet = { ...tailnet, status: facts.status, prefs: facts.prefs };
  return meetPeers(host, own, now, { ...options, peerWaitMs: 0 }, silent);
}

async function askThese(
  { host, options, company }: Outlook,
  known: readonly KnownPeer[],
  addresses: readonly string[],
): Promise<KnownPeer[]> {
  const names = known.map(({ peer }) => peer.name);
  const asked = await Promise.all(
    known.map(async (one) => {
      const { peer, reach, contact } = one;
      if (!addresses.includes(peer.address)) return one;
      const rendezvous = (await company.presence?.askFacts(peer.address)) ?? reach.rendezvous;
      return askPeer({ host, options, company, names }, peer, reach, rendezvous, contact);
    }),
  );
  const verdicts = completeVerdicts(asked.map(({ peer }) => peer));
  return asked.map((one, index) => ({ ...one, peer: verdicts[index] ?? one.peer }));
}

function quiet(talk: Talk): Talk {
  const still = () => undefined;
  const phase = { doing: still, ok: still, absent: still, warn: still, pause: still };
  return { ...talk, phase: () => phase, note: still };
}
