import { closedGate } from "../host/gate.ts";
import type { Host, Reader } from "../host/host.ts";
import { noJournal } from "../host/journal.ts";
import { reachHost } from "../latency/reach-host.ts";
import { type NewerVersion, parseStatus, type TailnetStatus } from "../tailnet/status.ts";

/** The tailscaled of a host. */
export interface Tailscaled {
  readonly version: string;
  /** What the control server offers instead; null where this is the latest, or it tells nothing. */
  readonly newer: NewerVersion | null;
}

/** Asks a member by root's ssh, as Proxmox goes between members; null where that leads nowhere. Bounded to 25 s. */
export async function tailscaledOf(
  here: Host,
  member: { readonly id: number; readonly name: string; readonly link0: string },
): Promise<Tailscaled | null> {
  const host = { name: member.name, nodeid: member.id, address: member.link0, here: false };
  const reached = await reachHost(here, host, { gate: closedGate, journal: noJournal });
  return reached.kind === "host" ? readTailscaled(reached.host) : null;
}

async function readTailscaled(reader: Reader): Promise<Tailscaled | null> {
  const { stdout } = await reader.run(["tailscale", "status", "--json", "--peers=false"], {
    timeoutMs: 10_000,
  });
  const status = parseStatus(stdout);
  return status ? describeTailscaled(status) : null;
}

export function describeTailscaled({ version, newer }: TailnetStatus): Tailscaled {
  return { version: version.split("-")[0] ?? version, newer: newer ?? null };
}
