import { z } from "zod";
import { parseJson } from "../host/json.ts";

/**
 * What makes a VM one of the testbed's; it stands in the VM's description, so that it cannot be lost apart from it.
 * Clones and rollbacks copy descriptions: only a mark that names its own VM is one (docs/testbed.md#the-mark).
 */
export interface Mark {
  readonly vmid: number;
  /** Of the VM's simulated board; null until a clone has its own. */
  readonly uuid: string | null;
  /** Host name inside. */
  readonly name: string;
  /** making: its disk is not whole yet; made: it still looks like its template; named: without its snapshot; ready. */
  readonly stage: "making" | "made" | "named" | "ready";
  /** What `revert` goes back to. */
  readonly snapshot: string;
  /** What this VM was in the tailnet, newest last. */
  readonly devices: readonly RecordedDevice[];
}

/** A device of the tailnet that was seen inside the VM. */
export interface RecordedDevice {
  /** The control server's own id; another server may have the same one for something else. */
  readonly id: string;
  readonly address: string;
  readonly server: string;
}

/** The mark in a description, undefined when there is none that can be read. Says nothing of whose it is. */
export function readMark(description: string): Mark | undefined {
  const line = description.split("\n").find((text) => text.startsWith(HEAD));
  const parsed = line === undefined ? undefined : markJson.safeParse(parseJson(line.slice(HEAD.length)));
  return parsed?.success ? parsed.data : undefined;
}

/** The description with this mark instead of an older one; what people wrote there stays. */
export function withMark(description: string, mark: Mark): string {
  const kept = description
    .split("\n")
    .filter((line) => !line.startsWith(HEAD) && line !== NOTE)
    .join("\n")
    .trim();
  const recent = { ...mark, devices: mark.devices.slice(-LONGEST) };
  return [...(kept === "" ? [] : [kept, ""]), NOTE, `${HEAD}${JSON.stringify(recent)}`].join("\n");
}

/** Whether a mark belongs to the VM that bears it: a copy of the VM has another number or another board. */
export function isOwn(mark: Mark, vmid: number, uuid: string | undefined): boolean {
  if (mark.vmid !== vmid) return false;
  return mark.uuid === null ? mark.stage === "making" : mark.uuid === uuid;
}

/** The mark with one more device, if it is new. */
export function withDevice(mark: Mark, device: RecordedDevice): Mark {
  const others = mark.devices.filter((known) => !sameDevice(known, device));
  return { ...mark, devices: [...others, device] };
}

export function sameDevice(a: RecordedDevice, b: RecordedDevice): boolean {
  return a.id === b.id && a.server === b.server;
}

/** What a snapshot's description says of its VM, so that tailmox knows its own snapshots from those of others. */
export interface SnapshotMark {
  readonly vmid: number;
  readonly uuid: string;
  /** What the VM was in the tailnet when the snapshot was made: a device that it still needs. */
  readonly device: RecordedDevice | null;
}

/** The description of a snapshot. */
export function snapshotText(mark: SnapshotMark): string {
  return `${HEAD}${JSON.stringify(mark)}`;
}

/** The mark of a snapshot, undefined when somebody else made it. */
export function readSnapshotMark(description: string, { vmid, uuid }: Mark): SnapshotMark | undefined {
  const text = description.trim();
  const parsed = text.startsWith(HEAD)
    ? snapshotJson.safeParse(parseJson(text.slice(HEAD.length)))
    : undefined;
  if (!parsed?.success || parsed.data.vmid !== vmid || parsed.data.uuid !== uuid) return undefined;
  return parsed.data;
}

/** What stands in the file of every VM with a mark, however Proxmox encodes the rest. */
export const MARK_WORD = "tailmox-testbed";

const HEAD = `${MARK_WORD}: `;
const NOTE = "A test VM: `tailmox testbed revert` throws away what is on it.";
/** A description holds 8192 characters. */
const LONGEST = 20;

const deviceJson = z.object({ id: z.string(), address: z.string(), server: z.string() });

const markJson = z.object({
  vmid: z.number().int(),
  uuid: z.string().nullable(),
  name: z.string(),
  stage: z.enum(["making", "made", "named", "ready"]),
  snapshot: z.string(),
  devices: z.array(deviceJson).default([]),
});

const snapshotJson = z.object({
  vmid: z.number().int(),
  uuid: z.string(),
  device: deviceJson.nullable().default(null),
});
