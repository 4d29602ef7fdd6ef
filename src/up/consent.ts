import { UserError } from "../errors.ts";
import type { Step } from "../steps/step.ts";
import type { Company, UpOptions } from "./options.ts";

export interface Plan extends ShownPlan {
  readonly steps: readonly Step[];
}

export interface ShownPlan {
  /** The command that has it; default "up". */
  readonly command?: string;
  readonly title: string;
  readonly steps: readonly Pick<Step, "title" | "why">[];
  /** What the cluster will be like with it, in words. */
  readonly forecast?: string | undefined;
  /** What is lost by it, in plain words. */
  readonly losses: readonly string[];
}

/**
 * Shows a plan and gets the word for it: true to go on, false for a dry run, which ends here. Throws
 * E_NOT_AGREED on a no, and where nobody can be asked.
 */
export async function agreed(
  plan: ShownPlan,
  options: Pick<UpOptions, "dryRun" | "yes">,
  { talk, ask }: Company,
): Promise<boolean> {
  const forecast = plan.forecast === undefined ? [] : [plan.forecast];
  talk.plan(plan.title, plan.steps, [...forecast, ...plan.losses]);
  if (options.dryRun) return false;
  if (options.yes) return true;
  if (!ask) {
    throw new UserError("E_NOT_AGREED", "nobody agreed to the plan", {
      likely: "there is no terminal to ask on",
      mend: `read the plan above; then: tailmox ${plan.command ?? "up"} --yes`,
    });
  }
  if (await ask.goOn("Go on?")) return true;
  throw new UserError("E_NOT_AGREED", "the plan was not agreed to; nothing of it was done", {
    likely: "the answer was no",
    mend: `tailmox ${plan.command ?? "up"} --dry-run shows the plan again`,
  });
}
