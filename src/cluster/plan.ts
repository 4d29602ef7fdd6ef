import type { Decision } from "./decide.ts";
import type { Cluster, Peer } from "./facts.ts";
import { editHosts, type HostsEntry, readBlock, resolveIn } from "./hosts-file.ts";
import { editTemplate } from "./hosts-template.ts";

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
  | { readonly kind: "create"; readonly clusterName: string; readonly address: string }
  | { readonly kind: "arm guard"; readonly node: string; readonly clusterName: string }
  | {
      readonly kind: "join";
      readonly cluster: Cluster;
      readonly through: Peer;
      readonly node: string;
      readonly address: string;
    };

/** The steps that are still to do, in order; none when all holds already. Pure. */
export function planCluster(facts: PlanFacts, decision: Decision, clusterName: string): ClusterStep[] {
  const steps: ClusterStep[] = [];
  if (decision.kind !== "create" && decision.kind !== "join" && decision.kind !== "already member") return [];
  if (!facts.corosyncAfterTailscaled) steps.push({ kind: "corosync order" });
  // The names of a member are not touched: restarting pve-cluster there would cost the cluster a stall.
  if (decision.kind === "already member") return steps;
  steps.push(...planNames(facts, decision));
  const { node, address } = facts;
  if (decision.kind === "create") {
    steps.push({ kind: "create", clusterName, address });
    return steps;
  }
  const { cluster, through } = decision;
  steps.push(
    { kind: "arm guard", node, clusterName: cluster.name },
    { kind: "join", cluster, through, node, address },
  );
  return steps;
}

function planNames(facts: PlanFacts, decision: Decision & { kind: "create" | "join" }): ClusterStep[] {
  const { node, dnsName, address, hostsText, hostsTemplate, publishedAddress } = facts;
  const others =
    decision.kind === "join"
      ? decision.cluster.members.map((member) => ({ address: member.link0, name: member.name, dnsName: "" }))
      : [];
  const entries = [{ address, name: node, dnsName }, ...others];
  const edited = editHosts(hostsText, entries);
  const [before] = resolveIn(hostsText, node);
  const steps: ClusterStep[] = [];
  if (edited !== hostsText) steps.push({ kind: "hosts file", node, address, before, entries });
  const block = readBlock(edited) ?? entries;
  if (hostsTemplate !== undefined && editTemplate(hostsTemplate, block) !== hostsTemplate) {
    steps.push({ kind: "hosts template", entries: block });
  }
  if (before !== address || publishedAddress !== address) {
    steps.push({
      kind: "publish address",
      node,
      address,
      renewCertificate: decision.kind === "create",
    });
  }
  return steps;
}
