import { applySteps } from "../steps/apply.ts";
import type { Step } from "../steps/step.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import { atOnce } from "./at-once.ts";
import { destroyVm } from "./destroy-vm.ts";
import { forgetDevices } from "./forget-devices.ts";
import type { Ground } from "./ground.ts";
import { tryGuest } from "./guest.ts";
import { freeVm, stopVm } from "./power.ts";
import { noteDevice } from "./tailnet-ids.ts";
import { chooseVms, lookAtVms, readTestbed, type VmSight } from "./vms.ts";

export interface DestroyWishes {
  readonly wanted: readonly string[];
  readonly plane: ControlPlane | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** The `result` of `tailmox testbed destroy --json`. */
export interface DestroyResult {
  readonly outcome: "destroyed" | "dry run";
  readonly vms: readonly { readonly name: string; readonly vmid: number }[];
  readonly removedDevices: readonly string[];
}

/** Destroys VMs of the testbed and nothing else, after showing them. Throws E_TESTBED_NONE where there is none. */
export async function destroyTestbed(
  ground: Ground,
  wishes: DestroyWishes,
  company: Company,
): Promise<DestroyResult> {
  const phase = company.talk.phase("Testbed", "looking at its VMs");
  const { vms, copies } = await readTestbed(ground.host, ground.node);
  const sights = await lookAtVms(ground, chooseVms(vms, wishes.wanted));
  phase.ok(`${sights.length} VMs bear its mark`);
  for (const { vmid, name } of copies) {
    company.talk.note(`VM ${vmid} "${name}" bears a copy of a mark: it is not the testbed's, and stays.`);
  }
  const removedDevices: string[] = [];
  const steps = destroySteps(ground, wishes, sights, removedDevices);
  const losses = ["What is destroyed, with disks and snapshots:", ...sights.map(row)];
  const plan = { command: "testbed destroy", title: `Plan for ${ground.node}`, steps, losses };
  const named = sights.map(({ vm }) => ({ name: vm.name, vmid: vm.vmid }));
  if (!(await agreed(plan, wishes, company))) return { outcome: "dry run", vms: named, removedDevices };
  await applySteps(ground.host, steps, company.talk);
  return { outcome: "destroyed", vms: named, removedDevices };
}

/** The devices go before the VMs: what is known of them stands in the VMs. */
function destroySteps(
  ground: Ground,
  { plane }: DestroyWishes,
  sights: readonly VmSight[],
  removed: string[],
): Step[] {
  const vms = sights.map(({ vm }) => vm);
  const names = vms.map(({ name, vmid }) => `${name} (VM ${vmid})`).join(", ");
  const always = { check: async () => false, undo: async () => {} };
  const devices: Step = {
    ...always,
    name: "devices",
    title: "delete from the tailnet what these VMs are and were, by the ids that were noted",
    usually: "usually 1-5 s",
    do: async () => {
      if (!plane) return "no credentials";
      const histories = await atOnce(vms, async (vm) => {
        const guest =
          vm.mark.stage === "ready" ? await tryGuest(ground, vm).catch(() => undefined) : undefined;
        const now = guest ? await noteDevice(ground, guest) : vm;
        return { vm: now, recorded: now.mark.devices, kept: [] };
      });
      removed.push(...(await forgetDevices(ground, plane, histories)));
      return removed.length === 0 ? "none" : removed.join(", ");
    },
  };
  const destroy: Step = {
    ...always,
    name: "destroy",
    title: `stop and destroy ${names}`,
    why: "with the volumes that their configurations name, and no others",
    usually: "usually 5-60 s",
    do: async () => {
      await atOnce(vms, async (vm) => {
        await freeVm(ground, vm);
        await stopVm(ground, vm, { hard: true });
        await destroyVm(ground, vm);
      });
      return `${vms.length} VMs`;
    },
  };
  return plane ? [devices, destroy] : [destroy];
}

function row({ vm, power, snapshots }: VmSight): string {
  const disks = vm.config.disks.map(({ storage, gib }) => `${gib.toFixed(0)} GiB on ${storage}`).join(", ");
  return `  ${vm.vmid}  ${vm.name}  ${power}  ${disks || "no disk"}  ${snapshots.length} snapshots`;
}
