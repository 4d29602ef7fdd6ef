import type { Decision } from "./decide.ts";
import type { Cluster, Member, Peer } from "./facts.ts";
import { editHosts, type HostsEntry, readBlock, resolveIn } from "./hosts-file.ts";
import { editTemplate } from "./hosts-template.ts";
import { namesOfAll } from "./names-of-all.ts";
import type { RingPlace } from "./ring-place.ts";

/** What the cluster plan is made of. */
export interface PlanFacts {
  readonly node: string;
  readonly dnsName: string;
  readonly address: string;
  readonly hostsText: string;
  /** The template from which cloud-init writes /etc/hosts at each boot; absent where it does not. */
  readonly hostsTemplate?: string;
  /** The address that pmxcfs resolved for itself when it started; undefined when nobody knows. */
  readonly publishedAddress: string | undefined;
  /** corosync starts after tailscaled, by a drop-in of ours. */
  readonly corosyncAfterTailscaled: boolean;
  /** A cluster that `up` has just made has an empty key: a power cut came before it reached the disk. */
  readonly lacksKey?: boolean;
  /** A cluster that `up` has just made has Proxmox's timers still: that run was cut off. */
  readonly lacksTimers?: boolean;
  /** Other members that do not know the names of all: the run that joined was cut off, or did not reach them. */
  readonly namesLackedBy?: readonly string[];
  /** Where a joiner belongs in the ring; absent where it does not join. */
  readonly ringPlace?: RingPlace;
}

/** One step of the cluster plan, with all that it needs to be done. */
export type ClusterStep =
  | { readonly kind: "corosync order" }
  | {
      readonly kind: "hosts file";
      readonly node: string;
      readonly address: string;
      /** What the name resolves to now. */
      readonly before: string | undefined;
      readonly entries: readonly HostsEntry[];
    }
  | { readonly kind: "hosts template"; readonly entries: readonly HostsEntry[] }
  | {
      readonly kind: "publish address";
      readonly node: string;
      readonly address: string;
      /** A founder keeps its old certificate unless told; a joiner gets a new one anyway (proxmox.md 1). */
      readonly renewCertificate: boolean;
    }
  | { readonly kind: "founders key" }
  | { readonly kind: "founders timers" }
  | { readonly kind: "create"; readonly clusterName: string; readonly address: string }
  /** The provisional cluster of this host alone. */
  | { readonly kind: "dissolve"; readonly node: string; readonly cluster: Cluster }
  | { readonly kind: "arm guard"; readonly node: string; readonly clusterName: string }
  | {
      readonly kind: "join";
      readonly cluster: Cluster;
      readonly through: Peer;
      readonly node: string;
      readonly address: string;
      /** Absent: Proxmox chooses. */
      readonly ringPlace?: RingPlace;
    }
  /** The block of all names on all members. */
  | { readonly kind: "names everywhere"; readonly node: string; readonly lackedBy?: readonly string[] };

/** The steps that are still to do, in order; none when all holds already. Pure. */
export function planCluster(facts: PlanFacts, decision: Decision, clusterName: string): ClusterStep[] {
  if (decision.kind !== "create" && decision.kind !== "join" && decision.kind !== "already member") return [];
  const order: ClusterStep[] = facts.corosyncAfterTailscaled ? [] : [{ kind: "corosync order" }];
  const { node, address } = facts;
  if (decision.kind === "already member") {
    const key: ClusterStep[] = facts.lacksKey ? [{ kind: "founders key" }] : [];
    const timers: ClusterStep[] = facts.lacksTimers ? [{ kind: "founders timers" }] : [];
    const lackedBy = facts.namesLackedBy ?? [];
    const others: ClusterStep[] = lackedBy.length > 0 ? [{ kind: "names everywhere", node, lackedBy }] : [];
    return [...order, ...key, ...timers, ...planNames(facts, decision.cluster.members), ...others];
  }
  if (decision.kind === "create") {
    const names = [...planNames(facts, []), ...planAddress(facts, { renewCertificate: true })];
    return [...order, ...names, { kind: "create", clusterName, address }];
  }
  const { cluster, through, leaves } = decision;
  const { ringPlace } = facts;
  return [
    ...order,
    ...(leaves ? [{ kind: "dissolve", node, cluster: leaves } as const] : []),
    ...planNames(facts, cluster.members),
    ...planAddress(facts, { renewCertificate: false }),
    { kind: "arm guard", node, clusterName: cluster.name },
    { kind: "join", cluster, through, node, address, ...(ringPlace && { ringPlace }) },
    { kind: "names everywhere", node },
  ];
}

/** The names of all in /etc/hosts, and in the template that it is written from. */
function planNames(facts: PlanFacts, members: readonly Member[]): ClusterStep[] {
  const { node, dnsName, address, hostsText, hostsTemplate } = facts;
  const entries = namesOfAll({ name: node, address, dnsName }, members);
  const edited = editHosts(hostsText, entries);
  const [before] = resolveIn(hostsText, node);
  const steps: ClusterStep[] = [];
  if (edited !== hostsText) steps.push({ kind: "hosts file", node, address, before, entries });
  const block = readBlock(edited) ?? entries;
  if (hostsTemplate !== undefined && editTemplate(hostsTemplate, block) !== hostsTemplate) {
    steps.push({ kind: "hosts template", entries: block });
  }
  return steps;
}

/** Not on a member: restarting pve-cluster there would cost the cluster a stall. */
function planAddress(facts: PlanFacts, { renewCertificate }: { renewCertificate: boolean }): ClusterStep[] {
  const { node, address, hostsText, publishedAddress } = facts;
  if (resolveIn(hostsText, node)[0] === address && publishedAddress === address) return [];
  return [{ kind: "publish address", node, address, renewCertificate }];
}
