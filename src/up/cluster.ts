import { type Decision, decide } from "../cluster/decide.ts";
import type { Cluster, Peer } from "../cluster/facts.ts";
import { type ClusterStep, planCluster } from "../cluster/plan.ts";
import { UserError } from "../errors.ts";
import { keyLines } from "../guard/finish.ts";
import { BACKUPS } from "../guard/places.ts";
import type { Host } from "../host/host.ts";
import { ownProgram } from "../host/own-program.ts";
import { readOwnConfig } from "../proxmox/own-config.ts";
import { readPublishedAddress } from "../proxmox/published-address.ts";
import { applySteps } from "../steps/apply.ts";
import { armGuardStep, type JoinTurn } from "../steps/arm-guard.ts";
import { corosyncOrder, hasDropIn } from "../steps/corosync-order.ts";
import { createCluster } from "../steps/create-cluster.ts";
import { hostsFile } from "../steps/hosts-file.ts";
import { hostsTemplate } from "../steps/hosts-template.ts";
import { JOIN_UNIT, joinCluster } from "../steps/join-cluster.ts";
import { publishAddress } from "../steps/publish-address.ts";
import { removeOwnEntry } from "../steps/remove-own-entry.ts";
import type { Step } from "../steps/step.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { agreed, type Plan } from "./consent.ts";
import { templateOfHosts } from "./hosts-manager.ts";
import { joinTurn, NO_TURN } from "./join-turn.ts";
import { assertWayIn } from "./keep-way-in.ts";
import type { Company, UpOptions } from "./options.ts";
import type { OwnFacts } from "./own-host.ts";
import { refusalError } from "./refusal.ts";
import { askAboutStorageNames } from "./storage-names.ts";
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
  const ceph = (await host.text("/etc/pve/ceph.conf")) !== undefined;
  const decision = decide(
    { node, address, place: own.place, ceph },
    known.map(({ peer }) => peer),
    { create: options.create, ...(options.join !== undefined && { join: options.join }) },
  );
  if (decision.kind === "refused" || decision.kind === "not founder") throw refusalError(decision, options);
  if (decision.kind === "own entry") {
    const again = await clearOwnEntry(host, decision, { node, known }, options, company);
    return again ? makeMember(host, own, tailnet, again, options, company) : "dry run";
  }
  await assertWayIn(host, { node, resolvesTo: own.facts.resolvesTo }, decision, known);
  const facts = {
    node,
    address,
    dnsName: status.self.dnsName,
    hostsText: (await host.text("/etc/hosts")) ?? "",
    ...(decision.kind !== "already member" && (await templateOfHosts(host))),
    publishedAddress: await readPublishedAddress(host, node),
    corosyncAfterTailscaled: await hasDropIn(host),
  };
  const planned = planCluster(facts, decision, options.clusterName);
  if (planned.length === 0) return "nothing to do";
  const renamed = planned.find((step) => step.kind === "hosts file")?.entries ?? [];
  await askAboutStorageNames(host, renamed, options, company);
  const why = decision.kind === "create" ? ` (create: ${decision.why})` : "";
  const plan: Plan = {
    title: `Plan for ${node}${why}`,
    steps: toSteps(planned, node, known, options),
    losses: decision.kind === "join" ? await joinLosses(host, decision.cluster) : createLosses(decision.kind),
  };
  if (decision.kind === "create" && decision.alone && !options.create) await assertMeant(options, company);
  if (!(await agreed(plan, options, company))) return "dry run";
  await applySteps(host, plan.steps, company.talk);
  return decision.kind === "create" ? "created" : decision.kind === "join" ? "joined" : "changed";
}

/**
 * An earlier join was undone on this host alone: the cluster forgets it first, as a plan of its own. Gives the
 * peers with what they say afterwards; undefined in a dry run.
 */
async function clearOwnEntry(
  host: Host,
  { cluster, through }: Extract<Decision, { kind: "own entry" }>,
  { node, known }: { node: string; known: readonly KnownPeer[] },
  options: UpOptions,
  company: Company,
): Promise<KnownPeer[] | undefined> {
  const { ask, takeOut } = contactOf(through, known).contact;
  const step = removeOwnEntry({ node, cluster, through, askMember: ask, takeOut: () => takeOut(node) });
  const plan = { title: `Plan for ${node}: what an earlier join left`, steps: [step], losses: [] };
  if (!(await agreed(plan, options, company))) return undefined;
  await applySteps(host, plan.steps, company.talk);
  return Promise.all(known.map(askAgain));
}

async function askAgain(one: KnownPeer): Promise<KnownPeer> {
  if (one.peer.verdict.kind !== "member") return one;
  const cluster = await one.contact.ask().catch(() => undefined);
  return cluster ? { ...one, peer: { ...one.peer, verdict: { kind: "member", cluster } } } : one;
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

function toSteps(
  planned: readonly ClusterStep[],
  node: string,
  known: readonly KnownPeer[],
  options: UpOptions,
): Step[] {
  const join = planned.find((step) => step.kind === "join");
  const contacts = known.map(({ peer, contact }) => ({ address: peer.address, ...contact }));
  const turn = join ? joinTurn(node, join.cluster, contacts, options.joinTimeoutMs) : NO_TURN;
  return planned.map((step) => toStep(step, known, options, turn));
}

function toStep(step: ClusterStep, known: readonly KnownPeer[], options: UpOptions, turn: JoinTurn): Step {
  switch (step.kind) {
    case "corosync order":
      return corosyncOrder();
    case "hosts file":
      return hostsFile(step);
    case "hosts template":
      return hostsTemplate(step);
    case "publish address":
      return publishAddress(step);
    case "create":
      return createCluster(step);
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

async function joinLosses(host: Host, { name }: Cluster): Promise<string[]> {
  const own = await readOwnConfig(host);
  const keys = keyLines((await host.text("/root/.ssh/authorized_keys")) ?? "").map(keyName);
  return [
    `What this host gives up: its /etc/pve is replaced by that of "${name}" ` +
      `(saved in ${BACKUPS}; docs/guard.md#restore):`,
    ...(own.length > 0 ? own : ["nothing but what every installation has"]).map((words) => `  ${words}`),
    ...(keys.length > 0 ? [`root's authorized keys go with it into the cluster: ${keys.join(", ")}`] : []),
    ...createLosses("create"),
  ];
}

/** What people know a key by: its comment, else its type and end. */
function keyName(line: string): string {
  const [, type = "", key = "", comment = ""] = /((?:ssh|ecdsa|sk)-\S+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
  return comment || `${type} ...${key.slice(-8)}`;
}

function createLosses(kind: string): string[] {
  if (kind !== "create") return [];
  return [
    'Root login by ssh becomes "yes". Cut off from the majority of the cluster, /etc/pve is read-only, and ' +
      "guests do not start after a reboot.",
  ];
}
