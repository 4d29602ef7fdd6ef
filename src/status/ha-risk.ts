import { parseSettingsFile } from "../cluster/settings-file.ts";
import { totemTimers } from "../cluster/totem.ts";
import { OUTAGE_LIMIT_MS, WATCHDOG_MS } from "../cluster/tuned.ts";
import type { Reader } from "../host/host.ts";

/**
 * What speaks against HA with the timers in force, undefined when nothing does: tuned with --accept-risk no-ha they may
 * stop writes for longer than HA's watchdog waits, and resources may have been added since. `rttMs` are the round
 * trips to the other members, null where there was no answer: they bound how long the ring is.
 */
export async function haRisk(reader: Reader, rttMs: readonly (number | null)[]): Promise<string | undefined> {
  if (!(await usesHa(reader))) return undefined;
  const path = "/etc/pve/corosync.conf";
  const text = await reader.text(path);
  if (text === undefined) return undefined;
  let timersMs: number;
  try {
    const { tokenMs, consensusMs } = totemTimers(parseSettingsFile(text, path), rttMs.length + 1);
    timersMs = tokenMs + consensusMs;
  } catch {
    // A file with links or keys that only corosync knows: nothing can be said of it.
    return undefined;
  }
  const known = rttMs.filter((rtt) => rtt !== null);
  // Token, consensus and 15 rotations (corosync.md 2). No rotation is shorter than the way to the farthest member and
  // back, nor longer than the ways to all of them and back.
  const least = timersMs + 15 * Math.max(0, ...known);
  const most = timersMs + 15 * known.reduce((sum, rtt) => sum + rtt, 0);
  if (most <= OUTAGE_LIMIT_MS) return undefined;
  const what = "HA resources are there, but after a power cut nobody can write for";
  const limit = `at ${seconds(WATCHDOG_MS)} HA resets hosts`;
  return least > OUTAGE_LIMIT_MS
    ? `${what} more than ${seconds(least)}: ${limit}. Mend: tailmox tune`
    : `${what} ${seconds(least)} to ${seconds(most)}, no more than ${seconds(OUTAGE_LIMIT_MS)} is safe: ${limit}. Mend: tailmox forecast tells it better; tailmox tune`;
}

/** Any resource counts, also one that is disabled now: its guests can be started at any time (proxmox.md 12). */
export async function usesHa(reader: Reader): Promise<boolean> {
  return ((await reader.text("/etc/pve/ha/resources.cfg")) ?? "").trim() !== "";
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
