import { parseSettingsFile } from "../cluster/settings-file.ts";
import { totemTimers } from "../cluster/totem.ts";
import { OUTAGE_LIMIT_MS, WATCHDOG_MS } from "../cluster/tuned.ts";
import type { Reader } from "../host/host.ts";

/**
 * What speaks against HA with the timers in force, undefined when nothing does: tuned with --accept-risk no-ha they may
 * stop writes for longer than HA's watchdog waits, and resources may have been added since.
 */
export async function haRisk(reader: Reader, hosts: number): Promise<string | undefined> {
  if (!(await usesHa(reader))) return undefined;
  const path = "/etc/pve/corosync.conf";
  const text = await reader.text(path);
  if (text === undefined) return undefined;
  let tokenMs: number;
  try {
    tokenMs = totemTimers(parseSettingsFile(text, path), hosts).tokenMs;
  } catch {
    // A file with links or keys that only corosync knows: nothing can be said of it.
    return undefined;
  }
  // After a power cut: token and consensus. The rotations of the new ring come on top.
  const outageMs = 2.2 * tokenMs;
  if (outageMs <= OUTAGE_LIMIT_MS) return undefined;
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  return `HA resources are there, but after a power cut nobody can write for more than ${seconds(outageMs)}: at ${seconds(WATCHDOG_MS)} HA resets hosts. Mend: tailmox tune`;
}

/** Any resource counts, also one that is disabled now: its guests can be started at any time (proxmox.md 12). */
export async function usesHa(reader: Reader): Promise<boolean> {
  return ((await reader.text("/etc/pve/ha/resources.cfg")) ?? "").trim() !== "";
}
