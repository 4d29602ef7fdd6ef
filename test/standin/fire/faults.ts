import { cutRole, heal } from "../../../lab/fabric/relay-control.ts";
import { bootHost } from "../../../lab/machines/boot.ts";
import { crashHost } from "../../../lab/machines/power.ts";
import type { HostPlan, LabPlan } from "../../../lab/plan.ts";

/** One time that hosts were away from the majority, in seconds since the epoch; still so while `to` is Infinity. */
export interface Fault {
  readonly kind: FaultKind;
  readonly hosts: readonly string[];
  readonly from: number;
  to: number;
}

export type FaultKind = (typeof KINDS)[number];

/** In turn: too short for corosync to notice, one host, a power cut, two hosts, two losses of power at once. */
const KINDS = ["cut", "power cut", "blink", "two cuts", "two power cuts"] as const;

/** Which fault comes at a turn, and whom it meets: each host is met in time, alone and with others. */
export function chooseFault(
  hosts: readonly HostPlan[],
  turn: number,
): { kind: FaultKind; victims: HostPlan[] } {
  const kind = KINDS[turn % KINDS.length] ?? "cut";
  const count = kind.startsWith("two") ? Math.min(2, Math.floor((hosts.length - 1) / 2)) : 1;
  // 2 and 3 are prime to 5: neighbours on the ring are met together as well as others.
  const first = (turn * 2 + Math.floor(turn / KINDS.length)) % hosts.length;
  const victims = Array.from({ length: count }, (_, index) => hosts[(first + index * 3) % hosts.length]);
  return { kind, victims: victims.filter((host) => host !== undefined) };
}

/** Does it, and gives the way back. */
export async function strike(
  plan: LabPlan,
  kind: FaultKind,
  victims: readonly HostPlan[],
): Promise<() => Promise<void>> {
  if (kind.endsWith("power cut") || kind.endsWith("power cuts")) {
    await Promise.all(victims.map((host) => crashHost(plan, host)));
    return async () => {
      await Promise.all(victims.map((host) => bootHost(plan, host)));
    };
  }
  await Promise.all(victims.map((host) => cutRole(plan, host.name)));
  return () => heal(plan);
}
