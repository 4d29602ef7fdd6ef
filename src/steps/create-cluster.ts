import { FIRST_ID } from "../cluster/node-ids.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host } from "../host/host.ts";
import { runInUnit } from "../host/unit.ts";
import { forgetCreated, noteCreated } from "../proxmox/created.ts";
import { readPlace } from "../proxmox/place.ts";
import { setFoundersTimers } from "./founders-timers.ts";
import { untilProxmoxAnswers } from "./proxmox-answers.ts";
import { settleOnDisk } from "./settle-on-disk.ts";
import type { Step } from "./step.ts";

export interface CreateSpec {
  readonly clusterName: string;
  readonly address: string;
  /** Looks once more whether another host has a cluster; throws then, and nothing is created. */
  readonly assertStillFirst: () => Promise<void>;
}

/** A new cluster of one, its link 0 on the tailnet address. Source: proxmox.md 3. */
export function createCluster({ clusterName, address, assertStillFirst }: CreateSpec): Step {
  return {
    name: "create",
    title: `create the cluster "${clusterName}", link0 ${address}, node id ${FIRST_ID}, timers for long distances`,
    why: "Proxmox's own timers are for one room: over the internet little loss makes members come and go",
    usually: "usually 5 s",
    check: async (host) => {
      const place = await readPlace(host);
      return place.kind === "member" && place.cluster.name === clusterName && place.cluster.quorate;
    },
    do: async (host, doing) => {
      await untilProxmoxAnswers(host);
      await assertStillFirst();
      const output = await host.change(
        { what: `pvecm create ${clusterName}`, undo: "docs/undo-by-hand.md" },
        async (writer) => {
          // Before, so that a run cut off here knows its own work again.
          await noteCreated(writer, { cluster: clusterName, by: "tailmox up", at: new Date().toISOString() });
          const output = await runInUnit(writer, pvecmCreate(clusterName, address), {
            unit: `tailmox-create-${process.pid}`,
            timeoutMs: 60_000,
          });
          await settleOnDisk(writer);
          return output;
        },
      );
      doing("waiting for quorum");
      // pvecm exits 0 on failure too: only what stands afterwards counts.
      const done = await poll(30_000, 500, () => quorateMember(host, clusterName));
      const timers = done ? await setFoundersTimers(host) : "";
      await host.change({ what: "bring it to the disk", undo: "nothing" }, async (writer) => {
        if (!done) await forgetCreated(writer);
        await settleOnDisk(writer);
      });
      if (done) return `"${clusterName}" is quorate, 1 of 1 votes${timers}`;
      throw failed(clusterName, `${output.stdout}\n${output.stderr}`);
    },
    undo: () =>
      Promise.reject(
        new UserError("E_CREATE_FAILED", `the cluster "${clusterName}" is not taken back by itself`, {
          likely: "taking a cluster away again is done by hand",
          mend: "docs/undo-by-hand.md",
        }),
      ),
  };
}

function pvecmCreate(clusterName: string, address: string): Argv {
  return ["pvecm", "create", clusterName, "--link0", `address=${address}`, "--nodeid", `${FIRST_ID}`];
}

async function quorateMember(host: Host, clusterName: string): Promise<true | undefined> {
  // While pmxcfs restarts /etc/pve is away: that is no answer yet.
  const place = await readPlace(host).catch(() => undefined);
  const done = place?.kind === "member" && place.cluster.name === clusterName && place.cluster.quorate;
  return done ? true : undefined;
}

function failed(clusterName: string, output: string): UserError {
  const words = output.trim().split("\n").slice(-4).join("\n");
  return new UserError("E_CREATE_FAILED", `no quorate cluster "${clusterName}" came into being in 30 s`, {
    likely: words || "pvecm printed nothing",
    mend: "journalctl -u corosync -u pve-cluster; to start over: docs/undo-by-hand.md",
  });
}
