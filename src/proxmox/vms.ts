import { z } from "zod";
import type { Reader } from "../host/host.ts";
import { pveshGet } from "./pvesh.ts";

/** A virtual machine of this node, as lists show it. */
export interface VmRow {
  readonly vmid: number;
  readonly name: string;
}

/** "paused" stands for a VM that has memory and does not run; other words are Proxmox's own (proxmox.md 11). */
export type Power = "running" | "stopped" | "paused" | (string & {});

export interface VmConfig {
  readonly name: string;
  readonly description: string;
  /** Of the simulated board; a clone gets one of its own, undefined when none is set. */
  readonly uuid: string | undefined;
  readonly template: boolean;
  /** What Proxmox, or a task that was cut off, holds it for. */
  readonly lock: string | undefined;
  /** The snapshot that it goes on from. */
  readonly parent: string | undefined;
  readonly memoryMiB: number;
  readonly cpu: string;
  readonly agent: boolean;
  readonly disks: readonly Disk[];
  /** Volumes that belong to it and are in no slot. */
  readonly unused: readonly string[];
  readonly nets: readonly { readonly bridge: string; readonly mac: string }[];
}

export interface Disk {
  readonly slot: string;
  readonly storage: string;
  readonly gib: number;
}

export interface Snapshot {
  readonly name: string;
  readonly parent: string | undefined;
  /** Seconds since 1970. */
  readonly time: number;
  readonly description: string;
  /** Cut off while it was made or removed. */
  readonly unfinished: boolean;
}

/** All virtual machines of a node, templates included. Throws E_COMMAND_FAILED. */
export async function listVms(reader: Reader, node: string): Promise<VmRow[]> {
  const rows = await pveshGet(reader, z.array(rowJson), `/nodes/${node}/qemu`);
  return rows.map(({ vmid, name }) => ({ vmid, name: name ?? "" }));
}

/** The configuration of a VM. Throws E_COMMAND_FAILED when there is none. */
export async function readVm(reader: Reader, node: string, vmid: number): Promise<VmConfig> {
  const raw = await pveshGet(reader, z.record(z.string(), z.unknown()), `/nodes/${node}/qemu/${vmid}/config`);
  const words = new Map<string, string>();
  for (const [key, value] of Object.entries(raw)) {
    if (typeof value === "string" || typeof value === "number") words.set(key, String(value));
  }
  const slots = [...words].filter(([key]) => /^(?:scsi|virtio|sata|ide|efidisk|tpmstate)\d+$/.test(key));
  return {
    name: words.get("name") ?? "",
    description: words.get("description") ?? "",
    uuid: /(?:^|,)uuid=([0-9a-fA-F-]{36})/.exec(words.get("smbios1") ?? "")?.[1]?.toLowerCase(),
    template: words.get("template") === "1",
    lock: words.get("lock"),
    parent: words.get("parent"),
    memoryMiB: Number.parseInt((words.get("memory") ?? "512").replace("current=", ""), 10),
    cpu: (words.get("cpu") ?? "").split(",")[0]?.replace("cputype=", "") ?? "",
    agent: /^(?:enabled=)?1/.test(words.get("agent") ?? ""),
    disks: slots.flatMap(([slot, value]) => disk(slot, value)),
    unused: [...words].filter(([key]) => /^unused\d+$/.test(key)).map(([, volume]) => volume),
    nets: [...words].filter(([key]) => /^net\d+$/.test(key)).flatMap(([, value]) => net(value)),
  };
}

/** Whether a VM runs. Throws E_COMMAND_FAILED when there is none. */
export async function readPower(reader: Reader, node: string, vmid: number): Promise<Power> {
  const { status, qmpstatus } = await pveshGet(
    reader,
    powerJson,
    `/nodes/${node}/qemu/${vmid}/status/current`,
  );
  return status === "running" ? (qmpstatus ?? status) : status;
}

/** The snapshots of a VM, oldest first; what Proxmox calls "current" is none. Throws E_COMMAND_FAILED. */
export async function readSnapshots(reader: Reader, node: string, vmid: number): Promise<Snapshot[]> {
  const all = await pveshGet(reader, z.array(snapshotJson), `/nodes/${node}/qemu/${vmid}/snapshot`);
  return all
    .filter(({ name }) => name !== "current")
    .map(({ name, parent, snaptime, description, snapstate }) => ({
      name,
      parent: parent ?? undefined,
      time: snaptime ?? 0,
      description: description ?? "",
      unfinished: typeof snapstate === "string" && snapstate !== "",
    }))
    .sort((a, b) => a.time - b.time);
}

const rowJson = z.object({ vmid: z.coerce.number().int(), name: z.string().nullish() });

const powerJson = z.object({ status: z.string(), qmpstatus: z.string().nullish() });

const snapshotJson = z.object({
  name: z.string(),
  parent: z.string().nullish(),
  snaptime: z.coerce.number().nullish(),
  description: z.string().nullish(),
  snapstate: z.unknown().optional(),
});

/** "local-zfs:vm-101-disk-0,size=32G"; a CD-ROM and an empty drive are none. */
function disk(slot: string, value: string): Disk[] {
  const [volume = "", ...options] = value.split(",");
  const storage = volume.split(":")[0] ?? "";
  if (!volume.includes(":") || options.includes("media=cdrom")) return [];
  const [, number = "0", unit = ""] = /^size=(\d+)([KMGT]?)$/.exec(options.find(isSize) ?? "") ?? [];
  return [{ slot, storage, gib: (Number(number) * (UNITS[unit] ?? 1)) / 2 ** 30 }];
}

function isSize(option: string): boolean {
  return option.startsWith("size=");
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** "virtio=BC:24:11:00:00:01,bridge=vmbr0". */
function net(value: string): { bridge: string; mac: string }[] {
  const mac = /(?:^|,)\w+=((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})/.exec(value)?.[1];
  const bridge = /(?:^|,)bridge=([^,]+)/.exec(value)?.[1];
  return bridge === undefined ? [] : [{ bridge, mac: (mac ?? "").toLowerCase() }];
}
