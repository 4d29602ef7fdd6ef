import type { Writer } from "../host/host.ts";
import { parseMembers } from "../proxmox/members.ts";
import type { Armed } from "./armed.ts";
import { digestPve } from "./copies.ts";

/**
 * Whether pvecm never came to replace anything: then what somebody changed since the copies were made must stay.
 * A host whose database got lost in a power cut is standalone, too, but its files are gone.
 */
export async function isUntouched(writer: Writer, armed: Armed): Promise<boolean> {
  const text = await writer.text("/etc/pve/.members").catch(() => undefined);
  const members = text === undefined ? undefined : parseMembers(text);
  if (!members || members.cluster) return false;
  const corosync = await writer.list("/etc/corosync");
  if (corosync.includes("authkey") || corosync.includes("corosync.conf")) return false;
  const before = fileNames((await writer.text(`${armed.copies}/digests`)) ?? "");
  const now = new Set(fileNames(await digestPve(writer)));
  return before.length > 0 && before.every((name) => now.has(name));
}

function fileNames(digests: string): string[] {
  return digests
    .split("\n")
    .filter(Boolean)
    .map((line) => line.slice(66));
}
