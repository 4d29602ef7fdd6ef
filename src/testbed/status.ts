import { readPower, readSnapshots } from "../proxmox/vms.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { atOnce } from "./at-once.ts";
import type { Ground } from "./ground.ts";
import { findDoor, tryGuest } from "./guest.ts";
import { readSnapshotMark } from "./mark.ts";
import { readTestbed, type TestVm } from "./vms.ts";

/** The `result` of `tailmox testbed status --json`. */
export interface TestbedStatus {
  readonly node: string;
  readonly vms: readonly VmStatus[];
  /** VMs that bear a copy of another one's mark: never touched. */
  readonly copies: readonly { readonly vmid: number; readonly name: string }[];
}

export interface VmStatus {
  readonly vmid: number;
  readonly name: string;
  readonly stage: TestVm["mark"]["stage"];
  readonly power: string;
  readonly lock?: string;
  /** What `revert` goes back to. */
  readonly snapshot: string;
  readonly snapshots: readonly { readonly name: string; readonly own: boolean }[];
  /** Absent when the VM does not run, or is silent. */
  readonly answersBy?: "agent" | "ssh";
  readonly address?: string;
  /** Absent when it could not be asked; null when it is in no tailnet. */
  readonly tailnet?: { readonly name: string; readonly address: string } | null;
  /** How many devices of the tailnet it is known to have been. */
  readonly devices: number;
}

/** How each VM of the testbed stands. Changes nothing. */
export async function testbedStatus(ground: Ground): Promise<TestbedStatus> {
  const { vms, copies } = await readTestbed(ground.host, ground.node);
  return { node: ground.node, vms: await atOnce(vms, (vm) => vmStatus(ground, vm)), copies };
}

async function vmStatus(ground: Ground, vm: TestVm): Promise<VmStatus> {
  const { host, node } = ground;
  const { vmid, name, mark, config } = vm;
  const [power, snapshots] = await Promise.all([
    readPower(host, node, vmid),
    readSnapshots(host, node, vmid),
  ]);
  const guest = power === "running" ? await tryGuest(ground, vm).catch(() => undefined) : undefined;
  const door = guest && (await findDoor(ground, guest).catch(() => undefined));
  const tailnet = guest && (await readTailnet(guest.inside).catch(() => undefined));
  const self = tailnet?.kind === "answers" ? tailnet.status.self : undefined;
  return {
    ...{ vmid, name, power, stage: mark.stage, snapshot: mark.snapshot, devices: mark.devices.length },
    ...(config.lock !== undefined && { lock: config.lock }),
    snapshots: snapshots.map((one) => ({
      name: one.name,
      own: readSnapshotMark(one.description, mark) !== undefined,
    })),
    ...(guest && { answersBy: guest.by }),
    ...(door && { address: door.address }),
    ...(tailnet && { tailnet: self?.address ? { name: self.name, address: self.address } : null }),
  };
}
