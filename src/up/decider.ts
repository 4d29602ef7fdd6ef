import { type Decision, decide, electedBy } from "../cluster/decide.ts";
import { readPlace } from "../proxmox/place.ts";
import type { KnownPeer } from "./ask-peers.ts";
import type { Outlook } from "./look-again.ts";

/** The rules, with what of this host does not change meanwhile. Tells whoever asks which founder comes of it. */
export async function decider({
  host,
  own,
  tailnet,
  options,
  company,
}: Outlook): Promise<(known: readonly KnownPeer[]) => Decision> {
  const ceph = (await host.text("/etc/pve/ceph.conf")) !== undefined;
  const self = { node: own.node.name, address: tailnet.address, place: own.place, ceph };
  const { create, without, join } = options;
  return (known: readonly KnownPeer[]) => {
    const peers = known.map(({ peer }) => peer);
    const decision = decide(self, peers, { create, without, ...(join !== undefined && { join }) });
    company.presence?.tell({ elects: electedBy(self, decision) });
    return decision;
  };
}

/** With where this host stands now. */
export async function withPlace(outlook: Outlook): Promise<Outlook> {
  return { ...outlook, own: { ...outlook.own, place: await readPlace(outlook.host) } };
}
