import type { Place } from "../cluster/facts.ts";
import { guestWords } from "../cluster/verdicts.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { readLeftovers } from "../proxmox/leftovers.ts";
import { type OwnNode, readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import type { Talk } from "./talk.ts";

export interface OwnFacts {
  readonly node: OwnNode;
  readonly place: Place;
}

/** Phase 1: what this host is, and whether it can be clustered at all. Changes nothing. */
export async function lookAtOwnHost(host: Host, talk: Talk): Promise<OwnFacts> {
  const phase = talk.phase("Host", "looking at this host");
  const node = await readOwnNode(host);
  const place = await readPlace(host);
  const version = `${node.name}, Proxmox VE ${node.pve.version}, Debian ${node.debian}`;
  if (place.kind === "member") {
    phase.ok(`${version}, in "${place.cluster.name}"`);
    return { node, place };
  }
  const leftovers = await readLeftovers(host, node.name);
  if (leftovers.length > 0) throw onceClustered(leftovers);
  phase.ok(`${version}, ${guestWords(place.guests)}, not in a cluster`);
  return { node, place };
}

function onceClustered(leftovers: readonly string[]): UserError {
  return new UserError("E_ONCE_CLUSTERED", "this host was in a cluster before, and files of it are left", {
    likely: `a join that failed, or a separation that was not finished: ${leftovers.join(", ")}`,
    mend: "docs/undo-by-hand.md#files-of-an-earlier-cluster",
  });
}
