import type { LabPlan } from "../plan.ts";
import { createHeadscaleKey } from "./headscale.ts";
import { createHostedKey } from "./hosted.ts";
import { tailnetKind } from "./login-server.ts";

export interface AuthKeyOptions {
  /** Default ["tag:tailmox"]; an empty list makes a key of the tailnet's one user. */
  readonly tags?: readonly string[];
  /** Default true. */
  readonly reusable?: boolean;
  readonly ephemeral?: boolean;
  /** true: its time is over when you get it. */
  readonly expired?: boolean;
}

/** Makes a key for `tailscale up --auth-key`, valid for a day. Write it to a file of mode 0600, never to argv. */
export async function createAuthKey(plan: LabPlan, options: AuthKeyOptions = {}): Promise<string> {
  const complete = { tags: ["tag:tailmox"], reusable: true, ephemeral: false, expired: false, ...options };
  return tailnetKind(plan) === "headscale"
    ? createHeadscaleKey(plan, complete)
    : createHostedKey(plan, complete);
}
