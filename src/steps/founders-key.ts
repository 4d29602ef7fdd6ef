import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Reader } from "../host/host.ts";
import { readCreated } from "../proxmox/created.ts";
import { readPlace } from "../proxmox/place.ts";
import { settleOnDisk } from "./settle-on-disk.ts";
import type { Step } from "./step.ts";

/**
 * A new key for a cluster of one whose own was lost: `pvecm create` does not bring it to the disk, and after a power
 * cut the file is empty and corosync does not start (seen in the lab). Nobody else has the old one.
 */
export function foundersKey(): Step {
  return {
    name: "corosync's key",
    title: "a new key for corosync, whose file a power cut left empty",
    why: "without it corosync does not start, and this host is its cluster's only member",
    usually: "usually 5 s",
    check: async (host) => !(await isEmpty(host)),
    do: async (host, doing) => {
      await host.change({ what: `write ${AUTHKEY}`, undo: "nothing" }, async (writer) => {
        await writer.run(["corosync-keygen"], { timeoutMs: 30_000 });
        await settleOnDisk(writer);
        await writer.run(["systemctl", "reset-failed", "corosync"]);
        await writer.run(["systemctl", "restart", "corosync"], { timeoutMs: 90_000 });
      });
      doing("waiting for quorum");
      const quorate = await poll(30_000, 500, async () => {
        const place = await readPlace(host).catch(() => undefined);
        return place?.kind === "member" && place.cluster.quorate ? true : undefined;
      });
      if (quorate) return "written, the cluster is quorate";
      throw new UserError(
        "E_CREATE_FAILED",
        "corosync has a new key, and the cluster is not quorate after 30 s",
        {
          likely: "corosync does not start, for another reason",
          mend: "journalctl -u corosync -u pve-cluster; to start over: docs/undo-by-hand.md",
        },
      );
    },
    undo: () => Promise.resolve(),
  };
}

/** Whether `up` made this cluster of one, and its key did not reach the disk. */
export async function lacksFoundersKey(
  reader: Pick<Reader, "text" | "run">,
  cluster: Cluster,
): Promise<boolean> {
  const isOurs = cluster.members.length === 1 && (await readCreated(reader))?.cluster === cluster.name;
  return isOurs && (await isEmpty(reader));
}

async function isEmpty(reader: Pick<Reader, "run">): Promise<boolean> {
  const { stdout } = await reader.run(["stat", "--dereference", "--format=%s", AUTHKEY]);
  return stdout.trim() === "0";
}

const AUTHKEY = "/etc/corosync/authkey";
