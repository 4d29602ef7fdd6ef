import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { switchOn } from "../machines/boot.ts";
import { cgroupOf } from "../machines/cgroup.ts";
import { freezeDisk } from "../machines/copy-disk.ts";
import { isRunning } from "../machines/machine.ts";
import { crashHost, pressPowerButton } from "../machines/power.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { baysOf } from "./bays.ts";
import { Disks } from "./disks.ts";

interface Guest {
  readonly vmid: number;
  readonly bay: HostPlan;
}

/** The VMs of one host that live in bays. A bay belongs to a volume from its first start until the volume is freed. */
export class Guests {
  readonly disks: Disks;
  private readonly plan: LabPlan;
  private readonly bays: readonly HostPlan[];
  private readonly bound = new Map<string, HostPlan>();
  private readonly running = new Map<number, Guest>();

  constructor(plan: LabPlan, host: HostPlan) {
    this.plan = plan;
    this.disks = new Disks(plan, host);
    this.bays = baysOf(plan, host);
  }

  /**
   * Switches a VM on: its disk goes into its bay, or a free one. Gives undefined for a volume without a machine.
   * Throws when no bay is free.
   */
  async switchOn(vmid: number, volume: string): Promise<HostPlan | undefined> {
    if (!this.disks.has(volume)) return undefined;
    const bay = this.bayFor(volume);
    // What a lost connection may have left.
    await crashHost(this.plan, bay);
    await this.disks.insert(volume, bay);
    await switchOn(this.plan, bay, () => undefined);
    this.running.set(vmid, { vmid, bay });
    return bay;
  }

  /** Pulls the plug. Does nothing for a VM that is off. */
  async cut(vmid: number): Promise<void> {
    const guest = this.running.get(vmid);
    this.running.delete(vmid);
    if (guest) await crashHost(this.plan, guest.bay);
  }

  /** Whether a VM that was switched on still is: it may have switched itself off. */
  async isOn(vmid: number): Promise<boolean> {
    const guest = this.running.get(vmid);
    return guest !== undefined && (await isRunning(this.plan, guest.bay));
  }

  async powerDown(vmid: number): Promise<void> {
    const guest = this.running.get(vmid);
    if (guest) await pressPowerButton(this.plan, guest.bay);
  }

  /** Lets all processes of a VM stand still, or go on. */
  async freeze(vmid: number, still: boolean): Promise<void> {
    const guest = this.running.get(vmid);
    if (guest) await writeFile(join(await cgroupOf(guest.bay), "cgroup.freeze"), still ? "1" : "0");
  }

  /** The bay of a running VM. */
  bayOf(vmid: number): HostPlan | undefined {
    return this.running.get(vmid)?.bay;
  }

  /** Keeps a volume's state; a machine that runs on it holds its writes back for the moment of copying. */
  async snapshot(volume: string, name: string): Promise<void> {
    const bay = this.bound.get(volume);
    const thaw = bay ? await freezeDisk(this.plan, bay) : async () => undefined;
    try {
      await this.disks.snapshot(volume, name);
    } finally {
      await thaw();
    }
  }

  /** A volume that becomes a base starts no machine any more. */
  async rename(from: string, to: string): Promise<void> {
    this.bound.delete(from);
    await this.disks.rename(from, to);
  }

  async free(volume: string): Promise<void> {
    this.bound.delete(volume);
    await this.disks.free(volume);
  }

  private bayFor(volume: string): HostPlan {
    const taken = new Set(this.bound.values());
    const bay = this.bound.get(volume) ?? this.bays.find((each) => !taken.has(each));
    if (!bay) throw new Error(`no bay is free: ${this.bays.length} of ${this.bays.length} are taken`);
    this.bound.set(volume, bay);
    return bay;
  }
}
