import { existsSync } from "node:fs";
import { copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { copyDisk } from "../machines/copy-disk.ts";
import { diskImage } from "../machines/machine.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { vmsDir } from "./bays.ts";

/**
 * The disk images behind the volumes of one host's VMs. A volume that holds no machine has none: asking for it to
 * be copied, renamed or freed does nothing.
 */
export class Disks {
  private readonly plan: LabPlan;
  private readonly dir: string;

  constructor(plan: LabPlan, host: Pick<HostPlan, "name">) {
    this.plan = plan;
    this.dir = join(vmsDir(plan), host.name);
  }

  has(volume: string): boolean {
    return existsSync(this.file(volume, DISK));
  }

  /** Puts an image that stands ready into a volume. */
  async import(image: string, volume: string): Promise<void> {
    const from = imageDir(this.plan, image);
    if (!existsSync(join(from, DISK))) throw new Error(`the lab has no disk image "${image}"`);
    await this.fill(volume, join(from, DISK), join(from, LOWERS));
  }

  /** Copies a volume or a snapshot of it; says whether there was something to copy. */
  async copy(from: string, snapshot: string | undefined, to: string): Promise<boolean> {
    const source = this.file(from, snapshot === undefined ? DISK : snapshotFile(snapshot));
    if (!existsSync(source)) return false;
    await this.fill(to, source, this.file(from, LOWERS));
    return true;
  }

  async rename(from: string, to: string): Promise<void> {
    if (this.has(from)) await rename(this.folder(from), this.folder(to));
  }

  async free(volume: string): Promise<void> {
    await rm(this.folder(volume), { recursive: true, force: true });
  }

  async snapshot(volume: string, name: string): Promise<void> {
    if (!this.has(volume)) return;
    await copyDisk(this.plan, this.file(volume, DISK), this.file(volume, snapshotFile(name)));
  }

  async deleteSnapshot(volume: string, name: string): Promise<void> {
    await rm(this.file(volume, snapshotFile(name)), { force: true });
  }

  async rollback(volume: string, name: string): Promise<void> {
    if (!this.has(volume)) return;
    await copyDisk(this.plan, this.file(volume, snapshotFile(name)), this.file(volume, DISK));
  }

  /** Lays a volume's disk into a bay that is off: the same file under a second name, so what is written stays. */
  async insert(volume: string, bay: HostPlan): Promise<void> {
    await mkdir(bay.dir, { recursive: true });
    await rm(diskImage(bay), { force: true });
    await link(this.file(volume, DISK), diskImage(bay));
    await copyFile(this.file(volume, LOWERS), join(bay.dir, LOWERS));
  }

  private async fill(volume: string, disk: string, lowers: string): Promise<void> {
    await mkdir(this.folder(volume), { recursive: true });
    await copyFile(lowers, this.file(volume, LOWERS));
    await copyDisk(this.plan, disk, this.file(volume, DISK));
  }

  private file(volume: string, name: string): string {
    return join(this.folder(volume), name);
  }

  private folder(volume: string): string {
    return join(this.dir, encodeURIComponent(volume));
  }
}

/** Where an image stands ready, as a host's directory: disk.img, image.json. */
export function imageDir(plan: Pick<LabPlan, "dir">, image: string): string {
  return join(vmsDir(plan), "images", image);
}

const DISK = "disk.img";
const LOWERS = "image.json";

function snapshotFile(name: string): string {
  return `snapshot-${name}.img`;
}
