import type { Decision } from "../cluster/decide.ts";
import { type PlanFacts, planCluster } from "../cluster/plan.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { readPublishedAddress } from "../proxmox/published-address.ts";
import { applySteps } from "../steps/apply.ts";
import { hasDropIn } from "../steps/corosync-order.ts";
import { lacksFoundersKey } from "../steps/founders-key.ts";
import { lacksFoundersTimers } from "../steps/founders-timers.ts";
import { whoLacksNames } from "../steps/names-everywhere.ts";
import { removeOwnEntry } from "../steps/remove-own-entry.ts";
import type { KnownPeer } from "./ask-peers.ts";
import { decideWithOthers } from "./await-others.ts";
import { contactOf, type StepsNeed, shellOn, toSteps } from "./cluster-steps.ts";
import { agreed, type Plan } from "./consent.ts";
import { decider, withPlace } from "./decider.ts";
import { templateOfHosts } from "./hosts-manager.ts";
import { assertNotRed, forecastWords } from "./join-forecast.ts";
import { type JoinOutlook, lookAtJoin } from "./join-outlook.ts";
import { assertWayIn } from "./keep-way-in.ts";
import { lookAgain, type Outlook } from "./look-again.ts";
import { lossesOf } from "./losses.ts";
import type { Company, UpOptions } from "./options.ts";
import { refusalError } from "./refusal.ts";
import { assertNobodyElse, elsewhere } from "./rivals.ts";
import { askAboutStorageNames } from "./storage-names.ts";

export type ClusterOutcome = "nothing to do" | "changed" | "created" | "joined" | "dry run";

export interface Made {
  readonly outcome: ClusterOutcome;
  /** The peers, as they were seen last. */
  readonly known: readonly KnownPeer[];
  /** Of a join, and of what would be one. */
  readonly join?: JoinOutlook | undefined;
}

/**
 * Phases 6 and 7: decide, wait for others where they go first, plan, agree, apply. Throws when facts speak against
 * it; then nothing was changed. What another host did at the same moment is looked at anew.
 */
export async function makeMember(first: Outlook, met: readonly KnownPeer[]): Promise<Made> {
  let [outlook, known] = [first, met];
  for (let round = 1; ; round++) {
    try {
      const made = await makeOnce(outlook, known);
      const better = made.outcome === "created" ? await elsewhere(outlook, made.known) : undefined;
      if (!better) return made;
      [outlook, known] = [better.outlook, better.known];
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "E_CLUSTER_CHANGED" || round >= MOST_ROUNDS)
        throw error;
      outlook.company.talk.note(`!! ${error.message}: looking anew.`);
      outlook = await withPlace(outlook);
      known = await lookAgain(outlook, known);
    }
  }
}

/** Each round ends because another host was faster: with more hosts than that a person should look. */
const MOST_ROUNDS = 5;

async function makeOnce(outlook: Outlook, met: readonly KnownPeer[]): Promise<Made> {
  const { host, own, tailnet, options, company } = outlook;
  const node = own.node.name;
  const self = { name: node, address: tailnet.address, dnsName: tailnet.status.self.dnsName };
  const { decision, known } = await decideWithOthers(outlook, met, await decider(outlook));
  if (decision.kind === "refused" || decision.kind === "not founder") throw refusalError(decision, options);
  if (decision.kind === "own entry") {
    const cleared = await clearOwnEntry(outlook, decision, known);
    return cleared ? makeOnce(outlook, await lookAgain(outlook, known)) : { outcome: "dry run", known };
  }
  await assertWayIn(host, { node, resolvesTo: own.facts.resolvesTo }, decision, known);
  const facts = await planFacts(host, self, decision, known);
  const join =
    decision.kind === "join" ? await lookAtJoin(decision.cluster, self, known, company) : undefined;
  if (join) assertNotRed(join, options);
  const ring = join && { ringPlace: join.ringPlace };
  const planned = planCluster({ ...facts, ...ring }, decision, options.clusterName);
  if (planned.length === 0) return { outcome: "nothing to do", known };
  const renamed = planned.find((step) => step.kind === "hosts file")?.entries ?? [];
  // On a member the storages are the cluster's: they were asked about when it was formed.
  if (decision.kind !== "already member") await askAboutStorageNames(host, renamed, options, company);
  const assertStillFirst = () => assertNobodyElse(outlook, known);
  const plan: Plan = {
    title: `Plan for ${node}${decision.kind === "create" ? ` (create: ${decision.why})` : ""}`,
    steps: toSteps(planned, { host, self, known, options, assertStillFirst }),
    forecast: join && forecastWords(join),
    losses: await lossesOf(host, decision),
  };
  if (decision.kind === "create" && decision.alone && !options.create) await assertMeant(options, company);
  if (!(await agreed(plan, options, company))) return { outcome: "dry run", known, join };
  const runsHere = decision.kind === "join" && decision.leaves !== undefined;
  if (decision.kind !== "already member") await company.presence?.makeRoom({ runsHere });
  await applySteps(host, plan.steps, company.talk);
  return { outcome: OUTCOMES[decision.kind], known, join };
}

const OUTCOMES = { create: "created", join: "joined", "already member": "changed" } as const;

async function planFacts(
  host: Host,
  self: StepsNeed["self"],
  decision: Decision,
  known: readonly KnownPeer[],
): Promise<PlanFacts> {
  const isMember = decision.kind === "already member";
  return {
    node: self.name,
    address: self.address,
    dnsName: self.dnsName,
    hostsText: (await host.text("/etc/hosts")) ?? "",
    ...(!isMember && (await templateOfHosts(host))),
    publishedAddress: await readPublishedAddress(host, self.name),
    corosyncAfterTailscaled: await hasDropIn(host),
    ...(isMember && {
      lacksKey: await lacksFoundersKey(host, decision.cluster),
      lacksTimers: await lacksFoundersTimers(host, decision.cluster),
      namesLackedBy: await whoLacksNames(self.name, decision.cluster.members, shellOn(host, known)),
    }),
  };
}

/**
 * An earlier join was undone on this host alone: the cluster forgets it first, as a plan of its own. False in a dry
 * run.
 */
async function clearOwnEntry(
  { host, own, options, company }: Outlook,
  { cluster, through }: Extract<Decision, { kind: "own entry" }>,
  known: readonly KnownPeer[],
): Promise<boolean> {
  const node = own.node.name;
  const { ask, takeOut } = contactOf(through, known).contact;
  const step = removeOwnEntry({ node, cluster, through, askMember: ask, takeOut: () => takeOut(node) });
  const plan = { title: `Plan for ${node}: what an earlier join left`, steps: [step], losses: [] };
  if (!(await agreed(plan, options, company))) return false;
  await applySteps(host, plan.steps, company.talk);
  return true;
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
