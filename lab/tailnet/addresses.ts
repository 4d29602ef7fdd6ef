import type { LabPlan } from "../plan.ts";

/** The vendor's name, under which the lab serves its package repository. */
export const VENDOR_NAME = "pkgs.tailscale.com";

/** Let's Encrypt's name, tailscaled's default ACME server; behind it the lab runs pebble. */
export const ACME_NAME = "acme-v02.api.letsencrypt.org";

/** MagicDNS domain of a lab's tailnet, by kind. */
export const MAGIC_DNS_DOMAIN = { headscale: "ts.test", hosted: "lab.ts.net" } as const;

/** Port of control server and DERP on the control role's address; plain HTTP. */
export const CONTROL_PORT = 8080;

export const STUN_PORT = 3478;

/** What the lab's name server answers; every other name does not exist. */
export function internetNames(plan: LabPlan): Readonly<Record<string, string>> {
  return {
    [VENDOR_NAME]: plan.internet.address,
    ...(plan.scenario.tailnet === "hosted" && { [ACME_NAME]: plan.internet.address }),
    "control.lab.example": plan.control.address,
  };
}
