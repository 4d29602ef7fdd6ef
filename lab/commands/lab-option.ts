import type { Command } from "commander";
import { UserError } from "../../src/errors.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { loadLab } from "../store.ts";

/** The name given with --name, which every command of the lab takes. */
export function labName(command: Command): string {
  const { name } = command.optsWithGlobals<{ name: string }>();
  return name;
}

/** The plan of the lab that the command is about. */
export async function labOf(command: Command): Promise<LabPlan> {
  return loadLab(labName(command));
}

/** A host of the lab by its name. Throws E_USAGE with the names that there are. */
export function hostOf(plan: LabPlan, name: string): HostPlan {
  const found = plan.hosts.find((host) => host.name === name);
  if (found) return found;
  throw new UserError("E_USAGE", `the lab "${plan.name}" has no host "${name}"`, {
    likely: "a slip of the pen",
    mend: `one of: ${plan.hosts.map((host) => host.name).join(", ")}`,
  });
}
