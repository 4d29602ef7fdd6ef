import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import { readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { applySteps } from "../steps/apply.ts";
import type { Step } from "../steps/step.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import { atOnce } from "./at-once.ts";
import { readCreateFacts } from "./create-facts.ts";
import { type CreateOptions, type CreatePlan, type NodePlan, planCreate } from "./create-plan.ts";
import type { Ground } from "./ground.ts";
import { awaitGuest } from "./guest.ts";
import { giveIdentity, type Identity, readIdentity, sharedIdentities } from "./identity.ts";
import { findVm, makeVm } from "./make-vm.ts";
import type { Mark } from "./mark.ts";
import { startVm, stopVm } from "./power.ts";
import { rootKey } from "./root-key.ts";
import { takeSnapshot } from "./snapshots.ts";
import { type TestVm, updateMark } from "./vms.ts";

export interface CreateWishes extends CreateOptions {
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** How long a VM may take to boot. */
  readonly bootMs: number;
}

/** The `result` of `tailmox testbed create --json`. */
export interface CreateResult {
  readonly outcome: "created" | "nothing to do" | "dry run";
  readonly snapshot: string;
  readonly nodes: readonly { readonly name: string; readonly vmid: number; readonly address?: string }[];
}

/** facts -> plan -> consent -> apply -> verify. A second run finishes what the first began. Throws UserError. */
export async function createTestbed(
  ground: Ground,
  wishes: CreateWishes,
  company: Company,
): Promise<CreateResult> {
  const { talk } = company;
  const phase = talk.phase("Host", "looking for room, template, bridge and nested virtualisation");
  const facts = await readCreateFacts(ground, wishes);
  const plan = planCreate(wishes, facts);
  const key = await rootKey(ground.host);
  const { storage, neededGiB, neededMiB } = plan;
  phase.ok(
    `${ground.node}, Proxmox VE ${ground.pve}; ${storage.name} (${storage.type}) has ` +
      `${storage.freeGiB.toFixed(0)} GiB free, ${(facts.freeMemoryMiB / 1024).toFixed(1)} GiB of memory`,
  );
  for (const { vmid, name } of plan.namesakes) {
    talk.note(`!! VM ${vmid} is called ${name}, too. It is not the testbed's, and stays as it is.`);
  }
  const result = {
    snapshot: wishes.snapshot,
    nodes: plan.nodes.map(({ name, vmid }) => ({ name, vmid })),
  };
  const open = plan.nodes.filter(({ present }) => present?.mark.stage !== "ready");
  if (open.length === 0) return { ...result, outcome: "nothing to do" };
  const identities = new Map<string, Identity>();
  const steps = createSteps(ground, plan, wishes, open, key, identities);
  const title = `Plan for a testbed of ${plan.nodes.length} on ${ground.node}`;
  const losses = [
    `It takes ${neededGiB.toFixed(1)} GiB of ${storage.name} and ${(neededMiB / 1024).toFixed(1)} GiB of memory.`,
  ];
  const command = "testbed create";
  if (!(await agreed({ command, title, steps, losses }, wishes, company)))
    return { ...result, outcome: "dry run" };
  await applySteps(ground.host, steps, talk);
  return {
    ...result,
    outcome: "created",
    nodes: result.nodes.map((node) => {
      const [address] = identities.get(node.name)?.addresses ?? [];
      return address === undefined ? node : { ...node, address };
    }),
  };
}

/** Each step does its part for all nodes that lack it; the mark of each says how far it came. */
function createSteps(
  ground: Ground,
  plan: CreatePlan,
  wishes: CreateWishes,
  open: readonly NodePlan[],
  key: string,
  identities: Map<string, Identity>,
): Step[] {
  const at = (stage: Mark["stage"]) => vmsAt(ground, open, stage);
  const names = open.map(({ name, vmid }) => `${name} (VM ${vmid})`).join(", ");
  const how =
    plan.source.kind === "image"
      ? `import ${plan.source.file}`
      : `${plan.source.kind} of VM ${plan.source.template}`;
  const undo = async () => {};
  return [
    {
      name: "VMs",
      title: `${how}: ${names}`,
      why: "each bears the testbed's mark from its first moment on, and only what bears it is ever touched",
      usually: plan.source.kind === "linked clone" ? "some seconds each" : "as long as copying takes",
      check: async () => (await unmade(ground, open)).length === 0,
      do: async (_host, doing) => {
        const left = await unmade(ground, open);
        // One after the other: clones of one template wait for each other anyway, and full ones share one disk.
        for (const node of left) await makeVm(ground, plan, wishes, node, doing);
        return `${left.length} made`;
      },
      undo,
    },
    {
      name: "first boot",
      title: "start them and wait until their guest agent or ssh answers",
      usually: "usually 30-90 s",
      check: async () => (await at("made")).length === 0,
      do: async () => {
        const ways = await atOnce(await at("made"), async (vm) => {
          await startVm(ground, vm);
          return awaitGuest(ground, vm, wishes.bootMs);
        });
        return `${ways.length} answer (${[...new Set(ways.map(({ by }) => by))].join(", ")})`;
      },
      undo,
    },
    {
      name: "identities",
      title:
        "give each its own host name, machine id, ssh host keys and /etc/pve; forget the template's tailnet",
      why: "clones that share one of these collide in a cluster",
      usually: "usually 20-60 s",
      check: async () => (await at("made")).length === 0,
      do: async () => {
        const vms = await at("made");
        await atOnce(vms, async (vm) => {
          const { inside } = await awaitGuest(ground, vm, wishes.bootMs);
          await giveIdentity(inside, vm.name, key);
          await updateMark(ground, vm, (mark) => ({ ...mark, stage: "named" }));
        });
        return vms.map(({ name }) => name).join(", ");
      },
      undo,
    },
    {
      name: "snapshot",
      title: `shut them down, take the snapshot "${wishes.snapshot}", start them again, and look at them`,
      why: "tailmox testbed revert goes back to it",
      usually: "usually 1-3 min",
      check: async () => (await at("named")).length === 0,
      do: async () => {
        const vms = await at("named");
        await atOnce(vms, (vm) => sealVm(ground, vm, wishes));
        for (const [name, own] of await lookInside(ground, vms, wishes.bootMs)) identities.set(name, own);
        await atOnce(vms, (vm) => updateMark(ground, vm, (mark) => ({ ...mark, stage: "ready" })));
        return `${vms.length} ready, each a Proxmox host of its own`;
      },
      undo,
    },
  ];
}

async function unmade(ground: Ground, nodes: readonly NodePlan[]): Promise<NodePlan[]> {
  const found = await Promise.all(nodes.map((node) => findVm(ground, node)));
  return nodes.filter((_, index) => (found[index]?.mark.stage ?? "making") === "making");
}

async function vmsAt(ground: Ground, nodes: readonly NodePlan[], stage: Mark["stage"]): Promise<TestVm[]> {
  const found = await Promise.all(nodes.map((node) => findVm(ground, node)));
  return found.flatMap((vm) => (vm?.mark.stage === stage ? [vm] : []));
}

/** A snapshot of a VM that is off is whole, and small. */
async function sealVm(ground: Ground, vm: TestVm, { snapshot }: CreateWishes): Promise<void> {
  await stopVm(ground, vm);
  await takeSnapshot(ground, vm, snapshot, undefined);
  await updateMark(ground, vm, (mark) => ({ ...mark, snapshot }));
  await startVm(ground, vm);
}

/** Throws E_TESTBED_IDENTITY unless each is a Proxmox host of its own, in no cluster. */
async function lookInside(
  ground: Ground,
  vms: readonly TestVm[],
  bootMs: number,
): Promise<Map<string, Identity>> {
  const found = await atOnce(vms, async (vm) => {
    const { inside } = await awaitGuest(ground, vm, bootMs);
    // Proxmox's services come up after the agent.
    const place = await poll(bootMs, 2_000, async () => {
      await readOwnNode(inside);
      return readPlace(inside).catch(() => undefined);
    });
    if (place?.kind !== "standalone") throw notHosts([`${vm.name} is ${place?.kind ?? "without /etc/pve"}`]);
    return [vm.name, await readIdentity(inside)] as const;
  });
  const identities = new Map(found);
  const shared = sharedIdentities(identities);
  if (shared.length > 0) throw notHosts(shared);
  return identities;
}

function notHosts(words: readonly string[]): UserError {
  return new UserError(
    "E_TESTBED_IDENTITY",
    `the VMs are not Proxmox hosts of their own: ${words.join("; ")}`,
    {
      likely:
        "the template has a fixed address, is a member of a cluster, or makes its names anew at each boot",
      mend: "docs/testbed-template.md; then tailmox testbed destroy, and create again",
    },
  );
}
