import { UserError } from "../../src/errors.ts";
import type { LabPlan } from "../plan.ts";
import { giveSecrets } from "./give-secrets.ts";
import { tailmoxOn } from "./tailmox-on.ts";

interface Voice {
  readonly chapter: (title: string) => void;
  readonly line: (line: string) => void;
}

/**
 * Makes one cluster of all hosts of a lab as their administrator would: a key and the first host's password
 * in files, then `tailmox up` on each, the first with --create. Throws E_COMMAND_FAILED where one refuses.
 */
export async function clusterHosts(plan: LabPlan, { chapter, line }: Voice): Promise<void> {
  const flags = await giveSecrets(plan);
  for (const [index, host] of plan.hosts.entries()) {
    const argv = ["up", "--yes", ...flags, ...(index === 0 ? ["--create"] : [])];
    chapter(`${host.name}: tailmox ${argv.join(" ")}`);
    const exitCode = await tailmoxOn(plan, host, argv, line);
    if (exitCode !== 0) {
      throw new UserError("E_COMMAND_FAILED", `tailmox up on ${host.name} ended with ${exitCode}`, {
        likely: "its own words are above",
        mend: `npm run lab -- --name ${plan.name} shell ${host.name}    then: tailmox up`,
      });
    }
  }
}
