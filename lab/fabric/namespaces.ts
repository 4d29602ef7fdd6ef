import type { LabPlan } from "../plan.ts";

/** Holds the fabric's end of the underlay; all VXLAN ports are made here and appear in their own namespace. */
export function fabricNamespace(plan: Pick<LabPlan, "id">): string {
  return `${namespacePrefix(plan)}fabric`;
}

export function relayNamespace(plan: Pick<LabPlan, "id">): string {
  return `${namespacePrefix(plan)}relay`;
}

/** Every network namespace of a lab: of hosts, sites, `control` and `internet`, and the two of the fabric. */
export function namespacesOf(plan: LabPlan): string[] {
  return [
    fabricNamespace(plan),
    relayNamespace(plan),
    ...plan.sites.map((site) => site.namespace),
    ...plan.hosts.map((host) => host.namespace),
    plan.control.namespace,
    plan.internet.namespace,
  ];
}

/** What the names of all namespaces of a lab begin with. */
export function namespacePrefix(plan: Pick<LabPlan, "id">): string {
  return `tmx-${plan.id}-`;
}

/** Where `ip netns` keeps namespaces by name. */
export const NAMESPACE_DIR = "/run/netns";

/** Sockets of a lab's fabric; not under the checkout, whose path may exceed the 107 bytes of a unix address. */
export function runDir(plan: Pick<LabPlan, "id">): string {
  return `/run/tmx-${plan.id}`;
}
