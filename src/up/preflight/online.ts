import type { Obstacle } from "../../cluster/facts.ts";

/** Between the daemons, until the path is direct: first contact goes by a relay (tailscale.md 6.3). */
export const WAKING_PINGS = 3;

/** A peer that the control server calls offline, and that does not answer a ping either. */
export function offline(): Obstacle {
  return {
    ...UNREACHABLE,
    check: "online",
    what: "offline, as the control server says, and no answer to a ping",
    likely: "it is off, or tailscaled does not run there",
    mend: "start it; there: systemctl status tailscaled",
  };
}

/** What the two daemons cannot do, nothing above them can. */
export function noPong(name: string): Obstacle {
  return {
    ...UNREACHABLE,
    check: "online",
    what: `no answer to ${WAKING_PINGS} pings between the two tailscaled`,
    likely: "it was cut off or switched off so lately that the control server does not know yet",
    mend: `tailscale ping ${name}; there: tailscale netcheck`,
  };
}

const UNREACHABLE = { code: "E_PEER_UNREACHABLE" } as const;
