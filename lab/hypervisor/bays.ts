import { join } from "node:path";
import { runDir } from "../fabric/namespaces.ts";
import type { HostPlan, LabPlan } from "../plan.ts";

/** The places that a host has for VMs that are hosts themselves. */
export function baysOf(plan: Pick<LabPlan, "hosts">, host: Pick<HostPlan, "name">): HostPlan[] {
  return plan.hosts.filter(({ bayOf }) => bayOf === host.name);
}

/** The hosts that the lab itself boots: a bay is booted by the host whose VM moves in. */
export function machinesOf(plan: Pick<LabPlan, "hosts">): HostPlan[] {
  return plan.hosts.filter(({ bayOf }) => bayOf === undefined);
}

/** Machines that have bays. */
export function hypervisorHosts(plan: Pick<LabPlan, "hosts">): HostPlan[] {
  return machinesOf(plan).filter((host) => baysOf(plan, host).length > 0);
}

/** The folder of the hypervisor's socket for one host: bound into that host and into no other. */
export function socketDir(plan: Pick<LabPlan, "id">, host: Pick<HostPlan, "name">): string {
  return join(runDir(plan), `vms-${host.name}`);
}

/** Disks of a host's VMs, and what stands ready to be imported. */
export function vmsDir(plan: Pick<LabPlan, "dir">): string {
  return join(plan.dir, "vms");
}
