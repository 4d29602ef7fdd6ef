import { type Guest, listGuests } from "../api/guest-list.ts";
import type { PveNode } from "../node/pve-node.ts";
import { findVolume } from "../storage/volume-files.ts";
import { bootDrive } from "./drives.ts";
import { type RunningVm, runningVm } from "./running.ts";
import { loadVm } from "./vm-files.ts";

export interface VmStatus extends Omit<Guest, "template" | "node" | "type"> {
  readonly status: "running" | "stopped";
  readonly qmpstatus: "running" | "stopped" | "paused";
  readonly pid?: number;
  readonly template?: 1;
  readonly [more: string]: unknown;
}

/** The VMs of this node and how they do, as lists show them; those that went meanwhile are left out. */
export async function vmStatuses(node: PveNode): Promise<VmStatus[]> {
  const own = (await listGuests(node)).filter((guest) => guest.type === "qemu" && guest.node === node.name);
  const found = await Promise.all(own.map((guest) => statusOf(node, guest).catch(() => undefined)));
  return found.filter((each) => each !== undefined);
}

/** One VM of this node. Throws `Configuration file '...' does not exist`. */
export async function vmStatus(node: PveNode, vmid: number): Promise<VmStatus> {
  const { current } = await loadVm(node, vmid);
  const guest = (await listGuests(node)).find((each) => each.vmid === vmid && each.type === "qemu");
  if (!guest) return await vmStatus(node, vmid);
  const { agent = "" } = current;
  return { ...(await statusOf(node, guest)), ...(/^(enabled=)?1/.test(agent) && { agent: 1 }) };
}

/** `running`, `stopped` or `paused`, as `qm status` says it. */
export function stateWord(running: RunningVm | undefined): VmStatus["qmpstatus"] {
  return running ? (running.paused ? "paused" : "running") : "stopped";
}

async function statusOf(node: PveNode, guest: Guest): Promise<VmStatus> {
  const { template, node: _node, type: _type, ...rest } = guest;
  const [running, config] = await Promise.all([runningVm(node, guest.vmid), loadVm(node, guest.vmid)]);
  const boot = bootDrive(config.current)?.[1].file;
  const disk = boot === undefined ? undefined : await findVolume(node, boot).catch(() => undefined);
  return {
    ...rest,
    status: running ? "running" : "stopped",
    qmpstatus: stateWord(running),
    ...(running && { pid: running.pid }),
    ...(template && { template: 1 }),
    uptime: running?.uptime ?? 0,
    cpu: 0,
    mem: 0,
    maxdisk: disk?.size ?? 0,
    diskread: 0,
    diskwrite: 0,
    netin: 0,
    netout: 0,
  };
}
