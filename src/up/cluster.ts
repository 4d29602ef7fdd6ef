import { decide } from "../cluster/decide.ts";
import type { Cluster, Peer } from "../cluster/facts.ts";
import { type ClusterStep, planCluster } from "../cluster/plan.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { readPublishedAddress } from "../proxmox/published-address.ts";
import { applySteps } from "../steps/apply.ts";
import { corosyncOrder, hasDropIn } from "../steps/corosync-order.ts";
import { createCluster } from "../steps/create-cluster.ts";
import { hostsFile } from "../steps/hosts-file.ts";
import { joinCluster } from "../steps/join-cluster.ts";
import { publishAddress } from "../steps/publish-address.ts";
import type { Step } from "../steps/step.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { agreed, type Plan } from "./consent.ts";
import type { Company, UpOptions } from "./options.ts";
import type { OwnFacts } from "./own-host.ts";
import { refusalError } from "./refusal.ts";
import type { OwnTailnet } from "./tailnet.ts";

export type ClusterOutcome = "nothing to do" | "changed" | "created" | "joined" | "dry run";

/** Phases 6 and 7: decide, plan, agree, apply. Throws when facts speak against it; then nothing was changed. */
export async function makeMember(
  host: Host,
  own: OwnFacts,
  tailnet: OwnTailnet,
  known: readonly KnownPeer[],
  options: UpOptions,
  company: Company,
): Promise<ClusterOutcome> {
  const node = own.node.name;
  const { address, status } = tailnet;
  const decision = decide(
    { node, address, place: own.place },
    known.map(({ peer }) => peer),
    { create: options.create, ...(options.join !== undefined && { join: options.join }) },
  );
  if (decision.kind === "refused" || decision.kind === "not founder") throw refusalError(decision, options);
  const facts = {
    node,
    address,
    dnsName: status.self.dnsName,
    hostsText: (await host.text("/etc/hosts")) ?? "",
    publishedAddress: await readPublishedAddress(host, node),
    corosyncAfterTailscaled: await hasDropIn(host),
  };
  const planned = planCluster(facts, decision, options.clusterName);
  if (planned.length === 0) return "nothing to do";
  const why = decision.kind === "create" ? ` (create: ${decision.why})` : "";
  const plan: Plan = {
    title: `Plan for ${node}${why}`,
    steps: planned.map((step) => toStep(step, known, options)),
    losses: decision.kind === "join" ? joinLosses(node, decision.cluster) : createLosses(decision.kind),
  };
  if (decision.kind === "create" && decision.alone && !options.create) await assertMeant(options, company);
  if (!(await agreed(plan, options, company))) return "dry run";
  await applySteps(host, plan.steps, company.talk);
  return decision.kind === "create" ? "created" : decision.kind === "join" ? "joined" : "changed";
}

/** A policy that hides the peers looks just like the first host of a tailnet: --yes alone is not enough. */
async function assertMeant(options: UpOptions, { ask, talk }: Company): Promise<void> {
  if (options.dryRun) return;
  const likely = "this is the first host, or the tailnet policy hides the others";
  talk.note(`No other host with ${options.tag} is visible: ${likely}.`);
  const question = "Create a new cluster all the same? Type yes";
  if (ask && !options.yes && (await ask.typedYes(question))) return;
  throw new UserError(
    "E_CREATE_ALONE",
    `no other host with ${options.tag} is visible, so nothing was created`,
    {
      likely,
      mend: "look with: tailscale status. If this is the first host: tailmox up --create",
    },
  );
}

function toStep(step: ClusterStep, known: readonly KnownPeer[], options: UpOptions): Step {
  switch (step.kind) {
    case "corosync order":
      return corosyncOrder();
    case "hosts file":
      return hostsFile(step);
    case "publish address":
      return publishAddress(step);
    case "create":
      return createCluster(step);
    case "join": {
      const { contact } = contactOf(step.through, known);
      if (!contact.admission) throw refusalError(unknownPeer(step.through), options);
      const { admission, ask } = contact;
      return joinCluster({ ...step, admission, askMember: ask, timeoutMs: options.joinTimeoutMs });
    }
  }
}

function contactOf(peer: Peer, known: readonly KnownPeer[]): KnownPeer {
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

function joinLosses(node: string, { name }: Cluster): string[] {
  return [
    `What ${node} gives up: its /etc/pve is replaced by that of "${name}". Storages, users, API tokens, ` +
      "ACME accounts, firewall and HA settings of this host alone are lost (Proxmox saves its database in " +
      "/var/lib/pve-cluster/backup). The keys in root's authorized_keys become the cluster's.",
    ...createLosses("create"),
  ];
}

function createLosses(kind: string): string[] {
  if (kind !== "create") return [];
  return [
    'Root login by ssh becomes "yes". Cut off from the majority of the cluster, /etc/pve is read-only, and ' +
      "guests do not start after a reboot.",
  ];
}
