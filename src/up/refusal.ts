import type { Decision, Refusal } from "../cluster/decide.ts";
import type { Peer } from "../cluster/facts.ts";
import { UserError } from "../errors.ts";
import { describe, joinRefusal } from "./join-refusal.ts";
import type { UpOptions } from "./options.ts";
import { commonCode } from "./preflight/report.ts";

/** A decision against, in words: what was seen, what it probably means, what to do. */
export function refusalError(
  decision: Extract<Decision, { kind: "refused" | "not founder" }>,
  options: Pick<UpOptions, "tag">,
): UserError {
  if (decision.kind === "not founder") {
    const { name, address } = decision.founder;
    const rule = `all hosts elect one founder, so that never two clusters come into being: ${decision.why}`;
    return new UserError("E_NOT_FOUNDER", `there is no cluster yet, and ${name} (${address}) goes first`, {
      likely: [rule, ...decision.dissent.map(elsewhere)].join("; "),
      mend: `run tailmox up on ${name}, then here again; or insist on this host: tailmox up --create`,
    });
  }
  return wordsFor(decision.refusal, options.tag);
}

function wordsFor(refusal: Refusal, tag: string): UserError {
  switch (refusal.why) {
    case "own guests":
    case "ceph":
    case "name taken":
    case "qdevice":
    case "cluster not whole":
    case "more links":
    case "lan cluster":
    case "link0 elsewhere":
    case "no shell":
      return joinRefusal(refusal, tag);
    case "address changed":
      return new UserError(
        "E_ADDRESS_CHANGED",
        `link 0 of this host is ${refusal.listed} in "${refusal.cluster.name}", but its tailnet address is ${refusal.now}`,
        {
          likely: "the device was deleted from the tailnet and enrolled anew",
          mend: "give it its old address back, or put the new one into corosync.conf: docs/forming.md#a-new-address",
        },
      );
    case "own lan cluster":
      return new UserError(
        "E_LAN_CLUSTER",
        `this host is a member of "${refusal.cluster.name}", whose link 0 is ${refusal.listed} and not on the tailnet`,
        {
          likely: "the cluster was made on a LAN, without tailmox",
          mend: "it goes on as it is; what to do instead: docs/forming.md#a-cluster-on-a-lan",
        },
      );
    case "other founder":
      return new UserError(
        "E_OTHER_FOUNDER",
        "the hosts do not elect the same founder: they do not see the same peers",
        {
          likely: [`this host: ${refusal.founder.name}`, ...refusal.dissent.map(elsewhere)].join("; "),
          mend: "compare tailscale status on them; tailmox policy check. Or insist: tailmox up --create",
        },
      );
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
  const isSilent = peers.every(({ verdict }) => verdict.kind === "unknown");
  return new UserError("E_PEER_UNKNOWN", `whether ${names} is in a cluster could not be found out`, {
    // What failed alike on several peers is said once.
    likely: [...new Set(tried)].join("; "),
    mend:
      "give root's password of the peers: --password-file FILE (one line, or lines NAME=PASSWORD); " +
      "or, where one is in a cluster, tailmox admit on a member while tailmox up runs here" +
      (isSilent ? `; or, where it is switched off and in no cluster: --without ${peers[0]?.name}` : ""),
  });
}

function unreachable(peers: readonly Peer[]): UserError {
  const obstacles = peers.flatMap((peer) => peer.obstacles);
  const lines = peers.flatMap(({ name, obstacles }) => obstacles.map(({ what }) => `${name}: ${what}`));
  const mends = [...new Set(obstacles.map(({ mend }) => mend))];
  return new UserError(
    commonCode(obstacles) ?? "E_PEER_UNREACHABLE",
    `${peers.length} of the hosts cannot be clustered with: ${peers.map(({ name }) => name).join(", ")}`,
    {
      likely: lines.join("\n"),
      mend: mends.length === 1 ? (mends[0] ?? "") : "mend what stands above, then run tailmox up again",
    },
  );
}

function elsewhere({ name, elects }: Peer): string {
  return `${name} would elect ${elects}`;
}
