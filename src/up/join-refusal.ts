import type { Refusal } from "../cluster/decide.ts";
import type { Cluster, Peer } from "../cluster/facts.ts";
import { guestWords } from "../cluster/verdicts.ts";
import { UserError } from "../errors.ts";
import { votesOf } from "../steps/half-joined.ts";

/** What speaks against a join, and not against looking further. */
export type JoinRefusal = Extract<
  Refusal,
  {
    why:
      | "own guests"
      | "ceph"
      | "name taken"
      | "qdevice"
      | "cluster not whole"
      | "more links"
      | "lan cluster"
      | "link0 elsewhere"
      | "no shell";
  }
>;

/** A join that must not be, in words: what was seen, what it probably means, what to do instead. */
export function joinRefusal(refusal: JoinRefusal, tag: string): UserError {
  switch (refusal.why) {
    case "own guests":
      return new UserError(
        "E_GUESTS",
        `this host has ${guestWords(refusal.guests)}, and Proxmox lets no host with guests join`,
        {
          likely: `the cluster ${describe(refusal.cluster)} may have the same guest numbers`,
          mend: "back up the guests (vzdump), remove them, join, restore them under free numbers",
        },
      );
    case "ceph":
      return new UserError("E_CEPH", "this host has a Ceph configuration, and a join would replace it", {
        likely: `/etc/pve/ceph.conf is there; after the join it is that of ${describe(refusal.cluster)}`,
        mend: "where Ceph is not used any more: pveceph purge; then run tailmox up again",
      });
    case "name taken":
      return new UserError(
        "E_NAME_TAKEN",
        `the cluster ${describe(refusal.cluster)} lists this host's name`,
        {
          likely: "an earlier join broke off half way, or another host bears the same name",
          mend: "docs/undo-by-hand.md#a-name-that-is-listed-already",
        },
      );
    case "qdevice":
      return new UserError("E_CLUSTER_NOT_WHOLE", `"${refusal.cluster.name}" has a qdevice`, {
        likely: "Proxmox cannot add a host while one is there",
        mend: "on a member: pvecm qdevice remove; then tailmox up here; then on a member: pvecm qdevice setup ADDRESS",
      });
    case "cluster not whole":
      return new UserError("E_CLUSTER_NOT_WHOLE", `"${refusal.cluster.name}" is not whole`, {
        likely: `${votesOf(refusal.cluster)}; away: ${away(refusal.cluster) || "nobody by name"}`,
        mend: "bring the missing hosts back, or take them out: pvecm delnode NAME on a member",
      });
    case "link0 elsewhere":
      return new UserError(
        "E_PEER_NOT_FOUND",
        `"${refusal.cluster.name}" has members that this host cannot see`,
        {
          likely: `their link 0 is ${refusal.links.join(", ")}: outside this tailnet, untagged, or hidden by policy`,
          mend: `give every member ${tag}, and let the policy show it: tailmox policy check`,
        },
      );
    case "more links":
      return new UserError(
        "E_COROSYNC_LINKS",
        `the members of "${refusal.cluster.name}" have ${refusal.links} links each`,
        {
          likely: "the cluster was given a second link by hand; a joiner would need an address on each",
          mend: "join by hand: pvecm add MEMBER --link0 ... --link1 ...; or see docs/forming.md#more-links",
        },
      );
    case "lan cluster":
      return new UserError(
        "E_LAN_CLUSTER",
        `"${refusal.cluster.name}" is a cluster on a LAN: its link 0 is ${refusal.links.join(", ")}`,
        {
          likely: "it was made without tailmox; its members speak to each other outside the tailnet",
          mend: "what to do instead: docs/forming.md#a-cluster-on-a-lan",
        },
      );
    case "no shell":
      return noShell(refusal.peer);
  }
}

/** Without it there is no join: no lock that keeps joins apart, no echo, no way to take a failed one back. */
export function noShell({ name, address, noShell }: Pick<Peer, "name" | "address" | "noShell">): UserError {
  return new UserError(
    "E_NO_SHELL",
    `root's ssh does not lead to ${name}, the member with the lowest node id`,
    {
      likely: noShell ?? "neither root's key nor a password was tried there",
      mend:
        `tailmox admit on ${name}; or its root password, if sshd takes it: --password-file FILE; ` +
        `or once, by hand: ssh-copy-id root@${address}`,
    },
  );
}

/** Such as "tailmox" (pve1, pve2). */
export function describe(cluster: Cluster): string {
  return `"${cluster.name}" (${cluster.members.map(({ name }) => name).join(", ")})`;
}

function away(cluster: Cluster): string {
  return cluster.members.flatMap(({ name, online }) => (online ? [] : [name])).join(", ");
}
