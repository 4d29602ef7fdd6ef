import { UserError } from "../errors.ts";
import type { HostFacts } from "./host-facts.ts";
import type { UpOptions } from "./options.ts";
import type { OwnFacts } from "./own-host.ts";
import type { Risk } from "./risks.ts";
import type { Talk } from "./talk.ts";

type Options = Pick<UpOptions, "acceptRisks" | "staging" | "dryRun">;

/**
 * What of this host's own network can hurt it is told, and stops here unless it is agreed to by name: throws
 * E_RISK. A member lives with it already, and a dry run changes nothing.
 */
export function assertOwnRisks({ facts, place }: OwnFacts, options: Options, talk: Talk): void {
  const risks = ownRisks(facts).filter(({ name }) => !options.staging || name === "cgnat");
  const [open] = risks.filter(({ name }) => !options.acceptRisks.includes(name));
  if (!open || options.dryRun || place.kind === "member") {
    for (const { seen, means } of risks) talk.note(`!! ${seen}: ${means}.`);
    return;
  }
  throw new UserError("E_RISK", `this needs your word for a risk by name: ${open.name}`, {
    likely: `${open.seen}: ${open.means}`,
    mend: `${open.mend}; or, if you can live with it: --accept-risk ${open.name}`,
  });
}

interface OwnRisk {
  readonly name: Risk;
  readonly seen: string;
  readonly means: string;
  readonly mend: string;
}

function ownRisks({ providersNat, routerGuests }: HostFacts): OwnRisk[] {
  return [
    ...(providersNat.length > 0 ? [{ ...CGNAT, seen: providersNat.join("; ") }] : []),
    ...(routerGuests.length > 0 ? [{ ...ROUTER_GUEST, seen: routerGuests.join("; ") }] : []),
  ];
}

/** Source: tailscale.md 6.7. */
const CGNAT = {
  name: "cgnat",
  means: "tailscaled's firewall drops packets from 100.64.0.0/10 that do not come through the tunnel",
  mend:
    'give tag:tailmox the node attribute "disable-linux-cgnat-drop-rule" in the policy (Tailscale 1.98 or ' +
    "later), or use other addresses",
} as const;

/** Guests start at boot only when the cluster is quorate, and the cluster is reached through this guest. */
const ROUTER_GUEST = {
  name: "router-guest",
  means:
    "guests do not start after a reboot while the cluster is not quorate, and without this one the host may " +
    "not reach the others",
  mend: "let another machine route or resolve, or a router that is no guest",
} as const;
