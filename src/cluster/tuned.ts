import { linksOf, type Mesh } from "./mesh.ts";
import { rotationMs } from "./ring.ts";
import { type TotemSettings, totemSettings } from "./totem.ts";

/** An outage may last so long with HA, whose watchdog resets hosts at 60 s (corosync.md 1, rule 6). */
export const OUTAGE_LIMIT_MS = 40_000;
/** And so long where no HA resource is, and the operator said so. */
export const OUTAGE_LIMIT_WITHOUT_HA_MS = 90_000;
/** When Proxmox's watchdog resets a host that could not write (proxmox.md 12). */
export const WATCHDOG_MS = 60_000;

const SHORTEST_TOKEN_MS = 10_000;
/** On the wire; a tunnel of Tailscale carries 1280, and 1200 passes where that does not (corosync.md 5.4). */
const TUNNEL_MTU = 1280;
const CAREFUL_MTU = 1200;

/**
 * For a cluster whose distances nobody knows yet: rings of up to 1.2 s, through every tunnel. With these no membership
 * changed at up to 10 % loss, three to seven hosts (corosync.md 19 D, last row).
 */
export const FOUNDERS_SETTINGS = totemSettings.parse({
  token: SHORTEST_TOKEN_MS,
  token_coefficient: 0,
  token_retransmits_before_loss_const: 10,
  knet_ping_interval: 500,
  knet_ping_timeout: 8000,
  knet_mtu: CAREFUL_MTU,
});

export interface TunedSettings {
  settings: TotemSettings;
  /** Why each key has its value. */
  reasons: Record<TunedKey, string>;
  /** False: the token that this ring needs makes a crash last longer than the limit. */
  fits: boolean;
}

export type TunedKey =
  | "token"
  | "token_coefficient"
  | "token_retransmits_before_loss_const"
  | "knet_ping_interval"
  | "knet_ping_timeout"
  | "knet_mtu";

/** The settings of corosync.md 7 for a ring, so that a crash's outage stays within `limitMs`. */
export function tunedSettings(
  mesh: Mesh,
  order: readonly number[],
  { limitMs = OUTAGE_LIMIT_MS, longestOutageMs = 0 }: { limitMs?: number; longestOutageMs?: number } = {},
): TunedSettings {
  const turn = rotationMs(mesh, order);
  const wanted = Math.max(
    SHORTEST_TOKEN_MS,
    8 * turn,
    longestOutageMs === 0 ? 0 : longestOutageMs + 2 * turn + 1000,
  );
  const bound = Math.floor((limitMs - 15 * turn) / 2.2 / 500) * 500;
  const needed = Math.ceil(wanted / 500) * 500;
  const least = Math.ceil(Math.max(SHORTEST_TOKEN_MS, 8 * turn) / 500) * 500;
  // A long outage that was once seen is worth less than the limit; the ring's own needs are not.
  const token = Math.max(least, Math.min(needed, bound));
  const retransmits = clamp(Math.round(token / Math.max(1.3 * turn, 250) - 0.2), 6, 30);
  const retransmitMs = Math.trunc(token / (retransmits + 0.2));
  const { mtu, why } = knetMtu(mesh);
  return {
    settings: totemSettings.parse({
      token,
      token_coefficient: 0,
      token_retransmits_before_loss_const: retransmits,
      knet_ping_interval: 500,
      knet_ping_timeout: 0.8 * token,
      knet_mtu: mtu,
    }),
    reasons: {
      token: `a silence of ${seconds(token)} must pass before a host counts as gone; a rotation takes ${seconds(turn)}`,
      token_coefficient: "so that a join does not shift every timer",
      token_retransmits_before_loss_const: `a lost token is sent again after ${retransmitMs} ms, a little more than a rotation`,
      knet_ping_interval: "often enough that many pings must be lost in a row",
      knet_ping_timeout:
        "one link has nothing to fail over to, so patience costs nothing; the default drops it after one or two lost pings",
      knet_mtu: why,
    },
    fits: token <= bound,
  };
}

/** Never more than every path is known to carry: above that nothing is delivered and nothing is reported. */
function knetMtu(mesh: Mesh): { mtu: number; why: string } {
  const known = [...linksOf(mesh)].map(({ link }) => link.mtu);
  const measured = known.filter((mtu) => mtu !== undefined);
  const least = Math.min(TUNNEL_MTU, ...measured);
  if (measured.length < known.length) {
    return {
      mtu: Math.min(CAREFUL_MTU, least),
      why: "the MTU of some paths was not measured; this passes in every tunnel",
    };
  }
  return least === TUNNEL_MTU
    ? { mtu: TUNNEL_MTU, why: "full packets of the tunnel pass between every pair" }
    : { mtu: least, why: "the largest packet that passes between every pair" };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`;
}
