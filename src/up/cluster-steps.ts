import type { Peer } from "../cluster/facts.ts";
import type { ClusterStep } from "../cluster/plan.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { ownProgram } from "../host/own-program.ts";
import { armGuardStep, type JoinTurn } from "../steps/arm-guard.ts";
import { corosyncOrder } from "../steps/corosync-order.ts";
import { createCluster } from "../steps/create-cluster.ts";
import { dissolveCluster } from "../steps/dissolve-cluster.ts";
import { foundersKey } from "../steps/founders-key.ts";
import { foundersTimers } from "../steps/founders-timers.ts";
import { hostsFile } from "../steps/hosts-file.ts";
import { hostsTemplate } from "../steps/hosts-template.ts";
import { JOIN_UNIT, joinCluster } from "../steps/join-cluster.ts";
import { namesEverywhere, type ReachMember } from "../steps/names-everywhere.ts";
import { publishAddress } from "../steps/publish-address.ts";
import type { Step } from "../steps/step.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { openShell } from "./contact.ts";
import { joinTurn, NO_TURN } from "./join-turn.ts";
import type { UpOptions } from "./options.ts";
import { refusalError } from "./refusal.ts";

export interface StepsNeed {
  readonly host: Host;
  /** This host as the others will know it. */
  readonly self: { readonly name: string; readonly address: string; readonly dnsName: string };
  readonly known: readonly KnownPeer[];
  readonly options: UpOptions;
  /** Throws E_CLUSTER_CHANGED when another host has a cluster now. */
  readonly assertStillFirst: () => Promise<void>;
}

/** The planned steps with what they need to be done. */
export function toSteps(planned: readonly ClusterStep[], need: StepsNeed): Step[] {
  const { self, known, options } = need;
  const join = planned.find((step) => step.kind === "join");
  const contacts = known.map(({ peer, contact }) => ({ name: peer.name, address: peer.address, ...contact }));
  const turn = join ? joinTurn(self.name, join.cluster, contacts, options) : NO_TURN;
  return planned.map((step) => toStep(step, need, turn));
}

function toStep(step: ClusterStep, need: StepsNeed, turn: JoinTurn): Step {
  const { host, self, known, options } = need;
  switch (step.kind) {
    case "corosync order":
      return corosyncOrder();
    case "hosts file":
      return hostsFile(step);
    case "hosts template":
      return hostsTemplate(step);
    case "publish address":
      return publishAddress(step);
    case "founders key":
      return foundersKey();
    case "founders timers":
      return foundersTimers();
    case "create":
      return createCluster({ ...step, assertStillFirst: need.assertStillFirst });
    case "dissolve":
      return dissolveCluster({ ...step, waitMs: options.waitMs });
    case "arm guard":
      return armGuardStep(
        {
          node: step.node,
          cluster: step.clusterName,
          unit: JOIN_UNIT,
          joinTimeoutMs: options.joinTimeoutMs,
          program: ownProgram(),
        },
        turn,
      );
    case "join": {
      const { contact } = contactOf(step.through, known);
      if (!contact.admission) throw refusalError(unknownPeer(step.through), options);
      const { admission, ask, takeOut } = contact;
      return joinCluster({
        ...step,
        admission,
        askMember: ask,
        takeOut: () => takeOut(step.node),
        turn,
        timeoutMs: options.joinTimeoutMs,
      });
    }
    case "names everywhere":
      return namesEverywhere({
        ...self,
        node: self.name,
        lackedBy: step.lackedBy,
        reach: shellOn(host, known),
        turn,
      });
  }
}

/** A shell that was open before the join; else by root's key, which the members take since. */
export function shellOn(host: Host, known: readonly KnownPeer[]): ReachMember {
  return async ({ name, link0: address }) => {
    const before = known.find(({ peer }) => peer.address === address)?.contact.shell;
    if (before) return before;
    const opened = await openShell(host, { name, address });
    return typeof opened === "string" ? opened : opened.shell;
  };
}

/** How the peer that the decision names was reached. */
export function contactOf(peer: Peer, known: readonly KnownPeer[]): KnownPeer {
  const found = known.find((one) => one.peer.address === peer.address);
  if (found) return found;
  throw new UserError("E_INTERNAL", `the decision names ${peer.name}, which nobody has met`, {
    likely: "a fault in tailmox",
    mend: "please report this with the log",
  });
}

function unknownPeer(peer: Peer) {
  return { kind: "refused", refusal: { why: "peers unknown", peers: [peer] } } as const;
}
