import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { headscalePolicy, setHeadscalePolicy } from "./headscale.ts";
import { tailnetKind } from "./login-server.ts";

/** Replaces the tailnet's policy by this HuJSON text. headscale only: the hosted kind allows everything. */
export async function setPolicy(plan: LabPlan, text: string): Promise<void> {
  requirePolicy(plan);
  await setHeadscalePolicy(plan, text);
}

/** The tailnet's policy, as HuJSON text with its comments. */
export async function readPolicy(plan: LabPlan): Promise<string> {
  requirePolicy(plan);
  return headscalePolicy(plan);
}

function requirePolicy(plan: LabPlan): void {
  if (tailnetKind(plan) === "headscale") return;
  throw new UserError("E_LAB_NO_TAILNET", `the tailnet of the lab "${plan.name}" has no policy`, {
    likely: 'its scenario says tailnet: "hosted", whose test control server enforces none',
    mend: 'choose a scenario with tailnet "headscale"',
  });
}
