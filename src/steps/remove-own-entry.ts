import type { Cluster } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import { isListed, votesOf } from "./half-joined.ts";
import type { Step } from "./step.ts";

export interface OwnEntrySpec {
  readonly node: string;
  readonly cluster: Cluster;
  readonly through: { readonly name: string };
  readonly askMember: () => Promise<Cluster | undefined>;
  readonly takeOut: () => Promise<void>;
}

/** The cluster forgets this host, which an earlier join left in its node list. Source: proxmox.md 4.5, 6.4. */
export function removeOwnEntry({ node, cluster, through, askMember, takeOut }: OwnEntrySpec): Step {
  return {
    name: "remove the old entry",
    title: `take ${node} out of the node list of "${cluster.name}", through ${through.name}`,
    why: "an earlier join was undone on this host, and the cluster still counts its vote",
    usually: "usually 2 s",
    check: async () => {
      const now = await askMember();
      return now !== undefined && !isListed(now, node);
    },
    do: async (_, doing) => {
      await takeOut();
      doing("waiting for the cluster");
      let now: Cluster | undefined;
      const done = await poll(20_000, 500, async () => {
        now = await askMember().catch(() => undefined);
        return now?.quorate && !isListed(now, node) ? true : undefined;
      });
      if (done && now) return `removed; "${cluster.name}" is ${votesOf(now)}`;
      throw new UserError("E_DELNODE", `${through.name} still lists ${node}, or is not quorate`, {
        likely: now ? votesOf(now) : "it does not answer any more",
        mend: `on ${through.name}: pvecm status; pvecm delnode ${node}`,
      });
    },
    undo: async () => undefined,
  };
}
