import { readFile } from "node:fs/promises";
import type { ImageFile } from "../images/recipe.ts";
import type { LabPlan } from "../plan.ts";
import { ensureAuthority } from "./authority.ts";
import { acmeRootFile } from "./internet.ts";

/**
 * What a host needs from outside to live on the lab's internet: the lab's certificate authorities (prepareHost
 * puts them into the bundle that programs read), and tailscaled's settings for a control server without TLS.
 * `startInternet` must have run: the hosted kind's authority is new with each start.
 */
export async function hostFiles(plan: LabPlan): Promise<readonly ImageFile[]> {
  const { certificate } = await ensureAuthority();
  const authorities = {
    "tailmox-lab": certificate,
    ...(plan.scenario.tailnet === "hosted" && { "tailmox-lab-acme": acmeRootFile(plan) }),
  };
  return [
    ...(await Promise.all(
      Object.entries(authorities).map(async ([name, file]) => ({
        path: `/usr/local/share/ca-certificates/${name}.crt`,
        content: await readFile(file, "utf8"),
      })),
    )),
    { path: "/etc/systemd/system/tailscaled.service.d/lab.conf", content: TAILSCALED_DROP_IN },
  ];
}

/** tailscaled's environment in the lab (tailscale.md 8.1, 9). */
export const TAILSCALED_DROP_IN = `# The lab's internet has no log server and no router to ask for ports, and its DERP speaks plain HTTP.
[Service]
Environment=TS_DEBUG_USE_DERP_HTTP=1
Environment=TS_NO_LOGS_NO_SUPPORT=true
Environment=TS_DISABLE_PORTMAPPER=1
`;
