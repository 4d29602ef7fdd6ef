import { z } from "zod";
import { UserError } from "../errors.ts";
import { readPlace } from "../proxmox/place.ts";
import type { Step } from "../steps/step.ts";
import { atOnce } from "./at-once.ts";
import type { Ground } from "./ground.ts";
import { awaitGuest, findDoor } from "./guest.ts";
import { trustEachOther } from "./mutual-keys.ts";
import { startVm, stopVm } from "./power.ts";
import { takeSnapshot } from "./snapshots.ts";
import { assertNoStrangers, taggedPeers } from "./strangers.ts";
import { noteDevice } from "./tailnet-ids.ts";
import { copyTailmox, type TrialHost, tailmoxIn, upFlags } from "./trial.ts";
import type { TryWishes } from "./try.ts";
import { readTestbed, type TestVm } from "./vms.ts";

/** What a trial knows of its hosts while it goes on, by their names. */
export interface TrialState {
  /** Ways in: another one after each boot. */
  readonly hosts: Map<string, TrialHost>;
  /** What `up` said. */
  readonly outcomes: Map<string, string>;
}

/** From VMs that are back at their snapshot to a cluster that was looked at. */
export function trialSteps(
  ground: Ground,
  wishes: TryWishes,
  vms: readonly TestVm[],
  { hosts: trial, outcomes }: TrialState,
): Step[] {
  const always = { check: async () => false, undo: async () => {} };
  const hosts = () => vms.flatMap(({ name }) => trial.get(name) ?? []);
  const enter = async () => {
    for (const host of await atOnce(vms, (vm) => enterVm(ground, vm, wishes.bootMs))) {
      trial.set(host.guest.vm.name, host);
    }
  };
  return [
    {
      ...always,
      name: "copy",
      title: "copy this executable into each; let root of each log in to the others",
      usually: "usually 5-20 s",
      do: async () => {
        await enter();
        await atOnce(hosts(), (host) => copyTailmox(ground.host, host, wishes.executable));
        await trustEachOther(hosts().map(({ shell }) => shell));
        return `${hosts().length} VMs`;
      },
    },
    {
      ...always,
      name: "staging",
      title: `tailmox up --staging on each, as ${wishes.tag}`,
      usually: "usually 20-60 s each",
      do: async () => {
        const words = ["up", "--staging", ...upFlags(wishes)] as const;
        await atOnce(hosts(), async (host) => {
          await tailmoxIn(host, outcomeJson, words, wishes.authKey);
          await noteDevice(ground, { ...host.guest, inside: host.shell });
        });
        const now = (await readTestbed(ground.host, ground.node)).vms;
        for (const { shell } of hosts()) {
          assertNoStrangers(await taggedPeers(shell, wishes.tag), now, wishes.tag);
        }
        return `${hosts().length} in the tailnet, and nobody else with ${wishes.tag}`;
      },
    },
    {
      ...always,
      name: "staged",
      title: `shut them down, take the snapshot "${STAGED}", start them again`,
      why: "tailmox testbed revert --snapshot staged goes back to just before the cluster",
      usually: "usually 1-2 min",
      do: async () => {
        const now = (await readTestbed(ground.host, ground.node)).vms;
        await atOnce(vms, async (vm) => {
          const device = now.find(({ vmid }) => vmid === vm.vmid)?.mark.devices.at(-1);
          await stopVm(ground, vm);
          await takeSnapshot(ground, vm, STAGED, device);
          await startVm(ground, vm);
        });
        await enter();
        return `${vms.length} VMs`;
      },
    },
    {
      ...always,
      name: "up",
      title: `tailmox up on each, one after the other: a cluster "${wishes.clusterName}"`,
      usually: "usually 20-60 s each",
      do: async (_host, doing) => {
        const [first, ...others] = hosts();
        if (!first) return "nobody";
        doing(first.guest.vm.name);
        const flags = upFlags({ ...wishes, authKey: undefined });
        const founder = await tailmoxIn(first, outcomeJson, ["up", "--create", ...flags]);
        outcomes.set(first.guest.vm.name, founder.outcome);
        for (const host of others) {
          doing(host.guest.vm.name);
          const words = ["up", "--join", founder.tailnet?.address ?? "", ...flags] as const;
          outcomes.set(host.guest.vm.name, (await tailmoxIn(host, outcomeJson, words)).outcome);
        }
        return [...outcomes].map(([name, outcome]) => `${name} ${outcome}`).join(", ");
      },
    },
    {
      ...always,
      name: "verify",
      title: "ask each what it sees, and let up look again whether anything is left to do",
      usually: "usually 10-30 s",
      do: async () => {
        const votes = await atOnce(hosts(), (host) => verifyHost(host, vms, wishes));
        return `each sees ${votes[0]}; a second up has nothing to do`;
      },
    },
  ];
}

async function enterVm(ground: Ground, vm: TestVm, bootMs: number): Promise<TrialHost> {
  const guest = await awaitGuest(ground, vm, bootMs);
  const door = await findDoor(ground, guest);
  return { guest, door, shell: ground.host.other(ground.ssh(vm.name, door.address, door.key)) };
}

/** Success is what each host says of the cluster, and that planning again gives an empty plan. */
async function verifyHost(host: TrialHost, vms: readonly TestVm[], wishes: TryWishes): Promise<string> {
  const { name } = host.guest.vm;
  const place = await readPlace(host.shell);
  const cluster = place.kind === "member" ? place.cluster : undefined;
  const present = cluster?.members.filter(({ online }) => online).map((member) => member.name) ?? [];
  const missing = vms.filter((vm) => !present.includes(vm.name)).map((vm) => vm.name);
  if (!cluster?.quorate || missing.length > 0 || cluster.name !== wishes.clusterName) {
    throw new UserError("E_TESTBED_TRY", `${name} is not a member of the whole cluster`, {
      likely: cluster
        ? `it sees "${cluster.name}", ${cluster.quorate ? "quorate" : "not quorate"}, without ${missing.join(", ") || "nobody"}`
        : "it is in no cluster",
      mend: `tailmox testbed ssh ${name} -- tailmox status`,
    });
  }
  const flags = upFlags({ ...wishes, authKey: undefined });
  const { outcome } = await tailmoxIn(host, outcomeJson, ["up", ...flags]);
  if (outcome === "nothing to do") return `${cluster.presentVotes} of ${cluster.expectedVotes} votes`;
  throw new UserError("E_TESTBED_TRY", `a second up on ${name} found something to do: ${outcome}`, {
    likely: "the first one did not do all that it planned, or something changes it back",
    mend: `tailmox testbed ssh ${name} -- tailmox up --dry-run`,
  });
}

const STAGED = "staged";

const outcomeJson = z.object({
  outcome: z.string(),
  tailnet: z.object({ address: z.string() }).optional(),
});
