import type { Decision, Refusal } from "../cluster/decide.ts";
import type { Cluster, Peer } from "../cluster/facts.ts";
import { guestWords } from "../cluster/verdicts.ts";
import { UserError } from "../errors.ts";
import type { UpOptions } from "./options.ts";

/** A decision against, in words: what was seen, what it probably means, what to do. */
export function refusalError(
  decision: Extract<Decision, { kind: "refused" | "not founder" }>,
  options: Pick<UpOptions, "tag">,
): UserError {
  if (decision.kind === "not founder") {
    const { name, address } = decision.founder;
    return new UserError("E_NOT_FOUNDER", `there is no cluster yet, and ${name} (${address}) goes first`, {
      likely: `all hosts elect one founder, so that never two clusters come into being: ${decision.why}`,
      mend: `run tailmox up on ${name}, then here again; or insist on this host: tailmox up --create`,
    });
  }
  return wordsFor(decision.refusal, options.tag);
}

function wordsFor(refusal: Refusal, tag: string): UserError {
  switch (refusal.why) {
    case "other cluster":
      return new UserError("E_ALREADY_CLUSTERED", `this host is in "${refusal.own.name}" already`, {
        likely: `the peer named by --join is in another cluster, ${describe(refusal.other)}`,
        mend: "a host leaves a cluster only by hand: docs/undo-by-hand.md",
      });
    case "peer not found":
      return new UserError("E_PEER_NOT_FOUND", `no host "${refusal.wanted}" with ${tag} is visible`, {
        likely: "it is not in the tailnet, has another tag, or the policy hides it",
        mend: "tailscale status shows names and addresses",
      });
    case "peer standalone":
      return new UserError(
        "E_PEER_STANDALONE",
        `${refusal.peer.name} is in no cluster, so none can be joined`,
        {
          likely: "tailmox up was not run there yet",
          mend: `run tailmox up on ${refusal.peer.name} first`,
        },
      );
    case "peers unknown":
      return unknown(refusal.peers);
    case "several clusters":
      return new UserError("E_SEVERAL_CLUSTERS", "the peers are in different clusters", {
        likely: refusal.clusters.map(describe).join("; "),
        mend: "choose one: tailmox up --join PEER",
      });
    case "several hosts with guests":
      return new UserError(
        "E_SEVERAL_GUEST_HOSTS",
        `more than one host has guests: ${refusal.names.join(", ")}`,
        {
          likely: "Proxmox lets no host with guests join, and only one host can be the first",
          mend: "back up the guests of all but one of them, remove them there, restore them after the join",
        },
      );
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
        mend: "on a member: pvecm qdevice remove; add the host; then set the qdevice up again",
      });
    case "cluster not whole":
      return new UserError("E_CLUSTER_NOT_WHOLE", `"${refusal.cluster.name}" is not whole`, {
        likely: `${votes(refusal.cluster)}; away: ${away(refusal.cluster) || "nobody by name"}`,
        mend: "bring the missing hosts back, or take them out: pvecm delnode NAME on a member",
      });
    case "link0 elsewhere":
      return new UserError(
        "E_PEER_NOT_FOUND",
        `"${refusal.cluster.name}" has members that this host cannot see`,
        {
          likely: `their link 0 is ${refusal.links.join(", ")}: outside this tailnet, untagged, or hidden by policy`,
          mend: `give every member ${tag}; a cluster on a LAN needs its link 0 moved to the tailnet first`,
        },
      );
    case "peers unreachable":
      return unreachable(refusal.peers);
  }
}

function unknown(peers: readonly Peer[]): UserError {
  const names = peers.map(({ name }) => name).join(", ");
  const tried = peers.flatMap(({ address, verdict }) =>
    verdict.kind === "unknown"
      ? verdict.tried.map((words) => words.replace(`root@${address}: `, "").replace(/\.$/, ""))
      : ["neither root's ssh key nor a password was accepted"],
  );
  return new UserError("E_PEER_UNKNOWN", `whether ${names} is in a cluster could not be found out`, {
    // What failed alike on several peers is said once.
    likely: [...new Set(tried)].join("; "),
    mend: "give root's password of the peers: --password-file FILE (one line, or lines NAME=PASSWORD)",
  });
}

function unreachable(peers: readonly Peer[]): UserError {
  const lines = peers.flatMap(({ name, obstacles }) => obstacles.map(({ what }) => `${name}: ${what}`));
  return new UserError(
    "E_PEER_UNREACHABLE",
    `${peers.length} of the hosts cannot be clustered with: ${peers.map(({ name }) => name).join(", ")}`,
    {
      likely: lines.join("\n"),
      mend: "mend what stands above, then run tailmox up again",
    },
  );
}

function describe(cluster: Cluster): string {
  return `"${cluster.name}" (${cluster.members.map(({ name }) => name).join(", ")})`;
}

function votes({ quorate, presentVotes, expectedVotes }: Cluster): string {
  return `${quorate ? "quorate" : "not quorate"}, ${presentVotes} of ${expectedVotes} votes`;
}

function away(cluster: Cluster): string {
  return cluster.members.flatMap(({ name, online }) => (online ? [] : [name])).join(", ");
}
