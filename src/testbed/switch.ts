import { applySteps } from "../steps/apply.ts";
import type { Step } from "../steps/step.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import { atOnce } from "./at-once.ts";
import type { Ground } from "./ground.ts";
import { awaitGuest } from "./guest.ts";
import { startVm, stopVm } from "./power.ts";
import { noteDevice } from "./tailnet-ids.ts";
import { chooseVms, lookAtVms, readTestbed } from "./vms.ts";

export interface SwitchWishes {
  readonly to: "running" | "stopped";
  readonly wanted: readonly string[];
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly bootMs: number;
}

/** The `result` of `tailmox testbed start` and `stop` with --json. */
export interface SwitchResult {
  readonly outcome: "done" | "nothing to do" | "dry run";
  /** Those that changed. */
  readonly vms: readonly { readonly name: string; readonly vmid: number }[];
}

/** Starts VMs of the testbed, or shuts them down, all at once. */
export async function switchTestbed(
  ground: Ground,
  wishes: SwitchWishes,
  company: Company,
): Promise<SwitchResult> {
  const { to } = wishes;
  const phase = company.talk.phase("Testbed", "looking at its VMs");
  const chosen = chooseVms((await readTestbed(ground.host, ground.node)).vms, wishes.wanted);
  const sights = await lookAtVms(ground, chosen);
  const vms = sights.filter(({ power }) => power !== to).map(({ vm }) => vm);
  const named = vms.map(({ name, vmid }) => ({ name, vmid }));
  phase.ok(sights.map(({ vm, power }) => `${vm.name} ${power}`).join(", "));
  if (vms.length === 0) return { outcome: "nothing to do", vms: [] };
  const names = vms.map(({ name }) => name).join(", ");
  const step: Step = {
    name: to === "running" ? "start" : "stop",
    title: to === "running" ? `start ${names}, and wait until they answer` : `shut down ${names}`,
    usually: to === "running" ? "usually 30-90 s" : "usually 5-30 s",
    check: async () => false,
    do: async () => {
      await atOnce(vms, async (vm) => {
        if (to === "stopped") {
          await stopVm(ground, vm);
          return;
        }
        await startVm(ground, vm);
        await noteDevice(ground, await awaitGuest(ground, vm, wishes.bootMs));
      });
      return names;
    },
    undo: async () => {},
  };
  const command = to === "running" ? "testbed start" : "testbed stop";
  const plan = { command, title: `Plan for ${ground.node}`, steps: [step], losses: [] };
  if (!(await agreed(plan, wishes, company))) return { outcome: "dry run", vms: named };
  await applySteps(ground.host, [step], company.talk);
  return { outcome: "done", vms: named };
}
