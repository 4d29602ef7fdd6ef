import { UserError } from "../errors.ts";
import { applySteps } from "../steps/apply.ts";
import type { Step } from "../steps/step.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import { atOnce } from "./at-once.ts";
import { forgetDevices } from "./forget-devices.ts";
import type { Ground } from "./ground.ts";
import { awaitGuest, tryGuest } from "./guest.ts";
import { type RecordedDevice, readSnapshotMark, withDevice } from "./mark.ts";
import { freeVm, startVm } from "./power.ts";
import { deleteSnapshot, rollBack, type WayBack, waysBack } from "./snapshots.ts";
import type { DeviceHistory } from "./stale-devices.ts";
import { noteDevice, readDevice } from "./tailnet-ids.ts";
import { chooseVms, lookAtVms, readTestbed, type TestVm, updateMark, type VmSight } from "./vms.ts";

export interface RevertWishes {
  /** Names or numbers; none means all. */
  readonly wanted: readonly string[];
  /** undefined: the one that create made. */
  readonly snapshot: string | undefined;
  /** The tailnet's API; undefined when no credentials were given: then devices stay. */
  readonly plane: ControlPlane | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly bootMs: number;
}

/** The `result` of `tailmox testbed revert --json`. */
export interface RevertResult {
  readonly outcome: "reverted" | "dry run";
  readonly vms: readonly {
    readonly name: string;
    readonly vmid: number;
    readonly snapshot: string;
    readonly removedSnapshots: readonly string[];
    readonly answersBy?: "agent" | "ssh";
  }[];
  readonly removedDevices: readonly string[];
}

/** Takes VMs back to their snapshot, all at once, and starts them. Throws UserError, E_TESTBED_* before any change. */
export async function revertTestbed(
  ground: Ground,
  wishes: RevertWishes,
  company: Company,
): Promise<RevertResult> {
  const { talk } = company;
  const phase = talk.phase("Testbed", "looking at its VMs and their snapshots");
  const vms = await readyVms(ground, wishes.wanted);
  const sights = await lookAtVms(ground, vms);
  const ways = waysBack(sights, wishes.snapshot);
  phase.ok(vms.map(({ name, vmid }) => `${name} (VM ${vmid})`).join(", "));
  const told = {
    vms: ways.map(({ vm, to, remove }) => ({
      name: vm.name,
      vmid: vm.vmid,
      snapshot: to.name,
      removedSnapshots: remove.map(({ name }) => name),
    })),
    removedDevices: [],
  };
  const run = planRevert(ground, wishes, sights, ways);
  const plan = {
    command: "testbed revert",
    title: `Plan for ${vms.length} VMs on ${ground.node}`,
    steps: run.steps,
    losses: run.losses,
  };
  if (!(await agreed(plan, wishes, company))) return { ...told, outcome: "dry run" };
  await applySteps(ground.host, run.steps, talk);
  return {
    outcome: "reverted",
    vms: told.vms.map((vm) => {
      const by = run.answers.get(vm.vmid);
      return by === undefined ? vm : { ...vm, answersBy: by };
    }),
    removedDevices: run.removed,
  };
}

export interface RevertRun {
  readonly steps: readonly Step[];
  readonly losses: readonly string[];
  /** Filled while the steps are done: how each VM answered, and which devices were removed. */
  readonly answers: ReadonlyMap<number, "agent" | "ssh">;
  readonly removed: readonly string[];
}

/** The steps that take VMs back. */
export function planRevert(
  ground: Ground,
  wishes: Pick<RevertWishes, "plane" | "bootMs">,
  sights: readonly VmSight[],
  ways: readonly WayBack[],
): RevertRun {
  const answers = new Map<number, "agent" | "ssh">();
  const removed: string[] = [];
  // As known before the rollback: it may bring an older description back.
  const recorded = new Map<number, readonly RecordedDevice[]>();
  const vms = ways.map(({ vm }) => vm);
  const always = { check: async () => false, undo: async () => {} };
  const steps: Step[] = [
    {
      ...always,
      name: "devices",
      title: "note what each VM is in the tailnet now",
      usually: "usually 1-5 s",
      do: async () => {
        await atOnce(vms, async (vm) => {
          await freeVm(ground, vm);
          const guest = await tryGuest(ground, vm).catch(() => undefined);
          const noted = guest ? await noteDevice(ground, guest) : vm;
          recorded.set(vm.vmid, noted.mark.devices);
        });
        return `${[...recorded.values()].flat().length} known`;
      },
    },
    {
      ...always,
      name: "roll back",
      title: ways.map(wayWords).join("; "),
      why: "newer snapshots of the testbed's own go first: ZFS cannot go back past them",
      usually: "usually 5-30 s",
      do: async () => {
        await atOnce(ways, async (way) => {
          for (const snapshot of way.remove) await deleteSnapshot(ground, way.vm, snapshot);
          await rollBack(ground, way);
          const devices = recorded.get(way.vm.vmid) ?? [];
          // Proxmox keeps the description; if one day it does not, the mark would be as old as the snapshot.
          const { mark: before } = way.vm;
          await updateMark(ground, way.vm, ({ devices: old }) =>
            [...old, ...devices].reduce(withDevice, { ...before, devices: [] }),
          );
        });
        return `${ways.length} VMs`;
      },
    },
    {
      ...always,
      name: "start",
      title: "start them and wait until their guest agent or ssh answers",
      usually: "usually 30-90 s",
      do: async () => {
        const guests = await atOnce(vms, async (vm) => {
          await startVm(ground, vm);
          return awaitGuest(ground, vm, wishes.bootMs);
        });
        for (const { vm, by } of guests) answers.set(vm.vmid, by);
        return `${guests.length} answer (${[...new Set(guests.map(({ by }) => by))].join(", ")})`;
      },
    },
  ];
  const { plane } = wishes;
  if (plane) {
    steps.push({
      ...always,
      name: "stale devices",
      title: "delete from the tailnet what these VMs were before, by the ids that were noted",
      why: "a later trial would wait for hosts that are no more",
      usually: "usually 1-3 s",
      do: async () => {
        removed.push(...(await forgetDevices(ground, plane, await histories(ground, vms, wishes.bootMs))));
        return removed.length === 0 ? "none" : removed.join(", ");
      },
    });
  }
  return { steps, losses: losses(sights, ways), answers, removed };
}

/** What each VM was, and what it is or can be again. One that cannot be asked keeps all. */
async function histories(ground: Ground, vms: readonly TestVm[], bootMs: number): Promise<DeviceHistory[]> {
  return atOnce(await lookAtVms(ground, vms), async ({ vm, snapshots }) => {
    const { inside } = await awaitGuest(ground, vm, bootMs);
    const { mark } = await updateMark(ground, vm, (same) => same);
    const now = await readDevice(inside).catch(() => "unknown" as const);
    if (now === "unknown") return { vm, recorded: [], kept: mark.devices };
    const inSnapshots = snapshots.flatMap(({ description }) => {
      const device = readSnapshotMark(description, mark)?.device;
      return device ? [device] : [];
    });
    return { vm, recorded: mark.devices, kept: [...(now ? [now] : []), ...inSnapshots] };
  });
}

function wayWords({ vm, to, remove }: WayBack): string {
  const first = remove.length === 0 ? "" : ` (after deleting ${remove.map(({ name }) => name).join(", ")})`;
  return `${vm.name} back to "${to.name}"${first}`;
}

/** In the words of the loss: since when everything on a VM is thrown away. */
function losses(sights: readonly VmSight[], ways: readonly WayBack[]): string[] {
  return [
    "What is thrown away:",
    ...ways.map(({ vm, to, remove }) => {
      const power = sights.find((sight) => sight.vm === vm)?.power ?? "unknown";
      const since = new Date(to.time * 1000).toISOString().slice(0, 16).replace("T", " ");
      const lost = remove.length === 0 ? "" : `; snapshots: ${remove.map(({ name }) => name).join(", ")}`;
      return `  ${vm.name} (${power}): all since ${since} UTC${lost}`;
    }),
  ];
}

/** VMs that create has finished. Throws E_TESTBED_NONE, E_TESTBED_NODE, E_TESTBED_SNAPSHOT. */
export async function readyVms(ground: Ground, wanted: readonly string[]): Promise<readonly TestVm[]> {
  const vms = chooseVms((await readTestbed(ground.host, ground.node)).vms, wanted);
  const unready = vms.find(({ mark }) => mark.stage !== "ready");
  if (unready) throw notReady(unready);
  return vms;
}

function notReady({ name, vmid, mark }: TestVm): UserError {
  return new UserError("E_TESTBED_SNAPSHOT", `${name} (VM ${vmid}) was not finished: it is "${mark.stage}"`, {
    likely: "create was interrupted, or did not succeed",
    mend: "tailmox testbed create, with the same flags, goes on from there",
  });
}
