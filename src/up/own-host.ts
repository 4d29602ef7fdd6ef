import type { Place } from "../cluster/facts.ts";
import { guestWords } from "../cluster/verdicts.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { readLeftovers } from "../proxmox/leftovers.ts";
import { type OwnNode, readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { type HostFacts, readHostFacts } from "./host-facts.ts";
import type { Talk } from "./talk.ts";

export interface OwnFacts {
  readonly node: OwnNode;
  readonly place: Place;
  readonly facts: HostFacts;
}

/** Phase 1: what this host is, and whether it can be clustered at all. Changes nothing. */
export async function lookAtOwnHost(host: Host, talk: Talk): Promise<OwnFacts> {
  const phase = talk.phase("Host", "looking at this host");
  const node = await readOwnNode(host);
  const place = await readPlace(host);
  const [facts, leftovers] = await Promise.all([
    readHostFacts(host, node.name, place),
    place.kind === "member" ? [] : readLeftovers(host, node.name),
  ]);
  if (leftovers.length > 0) throw onceClustered(leftovers);
  if (place.kind === "standalone") assertRoom(facts.freeBytes);
  const at = facts.resolvesTo[0] ?? "no address";
  const version = `${node.name} (${at}), Proxmox VE ${node.pve.version}, Debian ${node.debian}`;
  const stands =
    place.kind === "member" ? `in "${place.cluster.name}"` : `${guestWords(place.guests)}, not in a cluster`;
  phase.ok([version, stands, ...CLOCK[facts.clock]].join(", "));
  talk.note(...remarks(node.name, facts));
  return { node, place, facts };
}

const CLOCK = { synchronised: ["clock synchronised"], "not synchronised": [], unknown: [] } as const;

/** What is worth a line: what a stock host does not have, and what somebody should mend. */
function remarks(node: string, facts: HostFacts): string[] {
  const has = [
    ...(facts.haResources.length > 0 ? [`HA: ${facts.haResources.join(", ")}`] : []),
    ...(facts.qdevice ? ["qdevice"] : []),
    ...(facts.ceph ? ["Ceph"] : []),
    ...(facts.firewall ? ["firewall on"] : []),
  ];
  return [
    ...(facts.resolvesTo.length > 1
      ? [`!! ${node} has several addresses: ${facts.resolvesTo.join(", ")}.`]
      : []),
    ...(has.length > 0 ? [`It has: ${has.join("; ")}`] : []),
    ...(facts.clock === "not synchronised" ? [CLOCK_DRIFTS] : []),
  ];
}

const CLOCK_DRIFTS =
  "!! Nothing keeps this host's clock right: logins and certificates fail when it drifts. " +
  "Mend: apt-get install chrony";

/** A join keeps /etc/pve twice, each at most 128 MiB (proxmox.md 2), beside Tailscale's package. */
const LEAST_FREE_BYTES = 300e6;

function assertRoom(freeBytes: number | undefined): void {
  if (freeBytes === undefined || freeBytes >= LEAST_FREE_BYTES) return;
  throw new UserError("E_DISK_FULL", `only ${Math.floor(freeBytes / 1e6)} MB are free under /var/lib`, {
    likely: "packages, logs or backups have filled the disk; copies of /etc/pve need up to 300 MB",
    mend: "du -xh --max-depth=2 /var | sort -h | tail; make room, then run tailmox up again",
  });
}

function onceClustered(leftovers: readonly string[]): UserError {
  return new UserError("E_ONCE_CLUSTERED", "this host was in a cluster before, and files of it are left", {
    likely: `a join that failed, or a separation that was not finished: ${leftovers.join(", ")}`,
    mend: "docs/undo-by-hand.md#files-of-an-earlier-cluster",
  });
}
