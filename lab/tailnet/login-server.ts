import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { CONTROL_PORT } from "./addresses.ts";

/**
 * The URL for `tailscale up --login-server`. An RFC 1918 address on purpose: only for those does the
 * client never try HTTPS (tailscale.md 8.6). Throws E_LAB_NO_TAILNET when the scenario has no tailnet.
 */
export function loginServer(plan: LabPlan): string {
  tailnetKind(plan);
  return `http://${plan.control.address}:${CONTROL_PORT}`;
}

/** Which kind of control server the lab has. Throws E_LAB_NO_TAILNET when the scenario has none. */
export function tailnetKind(plan: LabPlan): "headscale" | "hosted" {
  const kind = plan.scenario.tailnet;
  if (kind !== "none") return kind;
  throw new UserError("E_LAB_NO_TAILNET", `the lab "${plan.name}" has no tailnet`, {
    likely: 'its scenario says tailnet: "none"',
    mend: 'choose a scenario with tailnet "headscale" or "hosted"',
  });
}
