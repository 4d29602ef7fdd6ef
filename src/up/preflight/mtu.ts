import type { Finding, Obstacle } from "../../cluster/facts.ts";
import type { PacketSizes } from "../../host/packet-size.ts";

/**
 * Tailscale's own MTU, what knet_mtu can be set to where that does not pass, and what knet begins with before it has
 * looked for more. Source: corosync.md 5.4.
 */
export const LADDER = [1280, 1200, 576] as const;
const [WHOLE, ENOUGH] = LADDER;

const LIKELY = "a network below the tunnel with an MTU under 1360, and routers that do not say so";

/** Tokens pass, the data of /etc/pve does not: a cluster that is quorate and hangs (corosync.md 5.4). */
export function mtuObstacles({ largest, ownMtu }: PacketSizes, pingsPass: boolean): Obstacle[] {
  if (!pingsPass || (largest !== undefined && largest >= ENOUGH)) return [];
  const own = ownMtu !== undefined && ownMtu < ENOUGH;
  return [
    {
      check: "mtu",
      code: "E_MTU",
      what: own
        ? `packets of ${ENOUGH} bytes do not leave this host: its tunnel has an MTU of ${ownMtu}`
        : `packets of ${ENOUGH} bytes are lost on the way, ${largest === undefined ? "and smaller ones" : `those of ${largest} pass`}`,
      likely: own ? "TS_DEBUG_MTU in /etc/default/tailscaled" : LIKELY,
      mend: own
        ? "take it out there, then: systemctl restart tailscaled"
        : "an MTU of at least 1360 on the way between the two hosts: docs/check.md#mtu",
    },
  ];
}

export function mtuWarnings({ largest, ownMtu }: PacketSizes): Finding[] {
  if (largest === undefined || largest < ENOUGH || largest >= WHOLE) return [];
  const why = ownMtu === undefined ? "are lost on the way" : `do not leave this host (MTU ${ownMtu})`;
  return [
    {
      check: "mtu",
      what: `packets of ${WHOLE} bytes ${why}, those of ${largest} pass`,
      likely: ownMtu === undefined ? LIKELY : "TS_DEBUG_MTU in /etc/default/tailscaled",
      mend: `tailmox tune, once it is a cluster: it sets knet_mtu to ${ENOUGH}`,
    },
  ];
}
