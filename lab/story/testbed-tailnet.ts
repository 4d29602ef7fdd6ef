import { writeHostFile } from "../machines/files.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { createAuthKey } from "../tailnet/auth-key.ts";
import { createHeadscaleApiKey } from "../tailnet/headscale.ts";
import { loginServer } from "../tailnet/login-server.ts";
import { readPolicy, setPolicy } from "../tailnet/policy.ts";

/** The tag that `tailmox testbed try` uses unless told otherwise. */
export const TRIAL_TAG = "tag:tailmox-test";

/**
 * What an administrator prepares for `tailmox testbed try`: the trial's tag in the policy, a reusable key and an API
 * token in files on the Proxmox host. Gives the flags that name them.
 */
export async function prepareTrial(plan: LabPlan, host: HostPlan): Promise<string[]> {
  const policy = await readPolicy(plan);
  // Every line about the one tag stands there once more about the other.
  if (!policy.includes(TRIAL_TAG)) await setPolicy(plan, withTag(policy));
  const key = await createAuthKey(plan, { tags: [TRIAL_TAG] });
  await writeHostFile(plan, host, "/root/trial.key", `${key}\n`, 0o600);
  await writeHostFile(plan, host, "/root/token", `${await createHeadscaleApiKey(plan)}\n`, 0o600);
  const server = loginServer(plan);
  return [
    ...["--auth-key-file", "/root/trial.key", "--login-server", server],
    ...["--credentials", "/root/token", "--api-url", server],
  ];
}

function withTag(policy: string): string {
  return policy
    .replace(
      /"tagOwners": \{(.*?)"tag:tailmox": (\[.*?\])/,
      `"tagOwners": {$1"tag:tailmox": $2, "${TRIAL_TAG}": $2`,
    )
    .replaceAll(/\["tag:tailmox"\]/g, `["tag:tailmox", "${TRIAL_TAG}"]`);
}
