import { parseCorosyncConf } from "../cluster/corosync-conf.ts";
import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { makeCopies } from "../guard/copies.ts";
import { BACKUPS } from "../guard/places.ts";
import type { Host } from "../host/host.ts";
import { noteCreated, readCreated } from "../proxmox/created.ts";
import { takeJoinLock } from "../proxmox/join-lock.ts";
import { readPlace } from "../proxmox/place.ts";
import { separate } from "./separate.ts";
import type { Step } from "./step.ts";

export interface DissolveSpec {
  readonly node: string;
  readonly cluster: Cluster;
  /** How long another host's join to this cluster is waited for. */
  readonly waitMs: number;
}

/**
 * This host's own cluster of one goes: the host is standalone then, with its /etc/pve as it was. Under the cluster's
 * own join lock, so that nobody joins it meanwhile, and only while nobody has. Source: proxmox.md 8.1.
 */
export function dissolveCluster({ node, cluster, waitMs }: DissolveSpec): Step {
  return {
    name: "dissolve",
    title: `dissolve this host's own cluster "${cluster.name}", which has no other member and no guest`,
    why: "tailmox up made it within the last hour, and there is another one; the rest of /etc/pve stays",
    usually: "usually 10-20 s",
    check: async (host) => (await readPlace(host)).kind === "standalone",
    do: async (host, doing) => {
      const waiting = (other: string) => doing(`${other} is joining, waiting for it`);
      const lock = await takeJoinLock(host, node, { waitMs, waiting });
      try {
        await assertAlone(host, cluster);
        const change = { what: `dissolve "${cluster.name}"`, undo: "docs/forming.md#two-at-once" };
        return await host.change(change, async (writer) => {
          doing("copying what is changed");
          const folder = `${BACKUPS}/dissolve-${new Date().toISOString().replace(/[:.]/g, "-")}`;
          const copies = { copies: folder, ...(await makeCopies(writer, folder)) };
          const created = await readCreated(writer);
          if (created) await noteCreated(writer, { ...created, dissolving: folder });
          return separate(writer, copies, doing);
        });
      } finally {
        await lock.release().catch(() => undefined);
      }
    },
    undo: () =>
      Promise.reject(
        new UserError("E_DISSOLVE", `the cluster "${cluster.name}" is not made again by itself`, {
          likely: "this host is standalone, with its /etc/pve as it was",
          mend: "tailmox up",
        }),
      ),
  };
}

/** A run that dissolved this host's cluster was ended in its middle, and this one goes on there. */
export function finishDissolving(folder: string): Step {
  return {
    name: "dissolve",
    title: "go on with dissolving this host's own cluster of one",
    why: "an earlier run of tailmox up was ended in the middle of it",
    usually: "usually 10-20 s",
    check: async () => false,
    do: (host, doing) =>
      host.change(
        { what: "go on dissolving the own cluster", undo: "docs/forming.md#two-at-once" },
        (writer) => separate(writer, { copies: folder, saved: [], absent: [] }, doing),
      ),
    undo: async () => undefined,
  };
}

/**
 * Gives the folder of the copies where dissolving was begun and not ended. A beginning that changed nothing leaves its
 * note, too: then the cluster still has its quorum, or others have joined it since.
 */
export async function unfinishedDissolving(host: Host): Promise<string | undefined> {
  const created = await readCreated(host);
  if (created?.dissolving === undefined) return undefined;
  const place = await readPlace(host).catch(() => undefined);
  if (place?.kind === "member" && place.cluster.quorate) return undefined;
  return (await hasOthers(host)) ? undefined : created.dissolving;
}

/** By the node list that corosync starts with, which is there without /etc/pve. */
async function hasOthers(host: Host): Promise<boolean> {
  const conf = parseCorosyncConf((await host.text("/etc/corosync/corosync.conf")) ?? "");
  return (conf?.nodes.length ?? 0) > 1;
}

async function assertAlone(host: Host, { name }: Cluster): Promise<void> {
  const place = await readPlace(host);
  if (place.kind === "member" && place.cluster.name === name && place.cluster.provisional) return;
  const now =
    place.kind === "standalone"
      ? "this host is standalone"
      : `members: ${place.cluster.members.map((member) => member.name).join(", ")}`;
  throw new UserError("E_CLUSTER_CHANGED", `"${name}" is not any more what was to be dissolved: ${now}`, {
    likely: "another host joined it meanwhile, or guests were made",
    mend: "tailmox up again looks anew",
  });
}
