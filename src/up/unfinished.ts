import type { Host } from "../host/host.ts";
import { applySteps } from "../steps/apply.ts";
import { finishDissolving, unfinishedDissolving } from "../steps/dissolve-cluster.ts";
import { agreed } from "./consent.ts";
import type { Company, UpOptions } from "./options.ts";

/** What an earlier run was ended in the middle of, and what would stand in the way of every look at this host. */
export async function endUnfinished(
  host: Host,
  options: Pick<UpOptions, "dryRun" | "yes">,
  company: Company,
): Promise<void> {
  const copies = await unfinishedDissolving(host);
  if (copies === undefined) return;
  const plan = { title: "Plan: what an earlier run left", steps: [finishDissolving(copies)], losses: [] };
  if (await agreed(plan, options, company)) await applySteps(host, plan.steps, company.talk);
}
