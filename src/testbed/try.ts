import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { readOwnNode } from "../proxmox/own-node.ts";
import { readPlace } from "../proxmox/place.ts";
import { applySteps } from "../steps/apply.ts";
import type { Step } from "../steps/step.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import { atOnce } from "./at-once.ts";
import type { Ground } from "./ground.ts";
import { awaitGuest, findDoor } from "./guest.ts";
import { trustEachOther } from "./mutual-keys.ts";
import { startVm, stopVm } from "./power.ts";
import type { TrialNode, TrialPhase, TrialReport } from "./report.ts";
import { planRevert, readyVms } from "./revert.ts";
import { takeSnapshot, waysBack } from "./snapshots.ts";
import { assertNoStrangers, taggedByApi, taggedPeers } from "./strangers.ts";
import { noteDevice } from "./tailnet-ids.ts";
import { copyTailmox, type TrialHost, type TrialOptions, tailmoxIn, upFlags } from "./trial.ts";
import { lookAtVms, readTestbed, type TestVm } from "./vms.ts";

export interface TryWishes extends TrialOptions {
  readonly snapshot: string | undefined;
  readonly plane: ControlPlane | undefined;
  /** This executable, which is what is tried. */
  readonly executable: { readonly path: string; readonly sha256: string };
  readonly version: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly bootMs: number;
}

/** Ready, or undefined for a dry run; `failure` is what the run ended with. */
export interface TryOutcome {
  readonly report: TrialReport | undefined;
  readonly failure: unknown;
}

/**
 * The whole acceptance run on real Proxmox: revert, copy this executable, `up --staging`, a snapshot "staged", `up` on
 * all, verify. What fails after the consent is told in the report. Throws UserError when it does not begin.
 */
export async function tryTestbed(ground: Ground, wishes: TryWishes, company: Company): Promise<TryOutcome> {
  const { talk } = company;
  const phase = talk.phase("Testbed", "looking at its VMs, and at who bears the tag");
  const vms = await readyVms(ground, []);
  if (vms.length < 2) throw tooFew(vms);
  const sights = await lookAtVms(ground, vms);
  const ways = waysBack(sights, wishes.snapshot);
  await assertAlone(ground, wishes, vms);
  phase.ok(
    `${vms.map(({ name }) => name).join(", ")}; nobody else bears ${wishes.tag}, as far as it was seen`,
  );
  const revert = planRevert(ground, wishes, sights, ways);
  const trial = new Map<string, TrialHost>();
  const outcomes = new Map<string, string>();
  const steps = [...revert.steps, ...trialSteps(ground, wishes, vms, trial, outcomes)];
  const title = `Plan for a trial of ${vms.length} VMs on ${ground.node}`;
  if (!(await agreed({ command: "testbed try", title, steps, losses: revert.losses }, wishes, company))) {
    return { report: undefined, failure: undefined };
  }
  const phases: TrialPhase[] = [];
  const began = new Date();
  const failure = await applySteps(
    ground.host,
    steps.map((step) => timed(step, phases)),
    talk,
  ).then(
    () => undefined,
    (error: unknown) => error ?? new Error("failed without a word"),
  );
  const nodes = await Promise.all(vms.map(({ name }) => describe(name, trial.get(name)?.shell, outcomes)));
  const storages = [...new Set(vms.flatMap(({ config }) => config.disks.map(({ storage }) => storage)))];
  const kernel = (await ground.host.run(["uname", "-r"])).stdout.trim();
  const report = {
    tailmox: `${wishes.version} (sha256 ${wishes.executable.sha256.slice(0, 12)})`,
    began: began.toISOString(),
    seconds: (Date.now() - began.getTime()) / 1000,
    succeeded: failure === undefined,
    host: { pve: ground.pve, kernel, storages },
    nodes,
    phases,
  };
  return { report, failure };
}

/** By the API where it may be asked, and by this host's own eyes where it is in the tailnet itself. */
async function assertAlone(ground: Ground, { plane, tag }: TryWishes, vms: readonly TestVm[]): Promise<void> {
  if (plane) assertNoStrangers(await taggedByApi(plane, tag), vms, tag);
  assertNoStrangers(await taggedPeers(ground.host, tag).catch(() => []), vms, tag);
}

function trialSteps(
  ground: Ground,
  wishes: TryWishes,
  vms: readonly TestVm[],
  trial: Map<string, TrialHost>,
  outcomes: Map<string, string>,
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
        if (!first) throw tooFew(vms);
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

/** The step, with what came of it and how long it took noted. */
function timed(step: Step, phases: TrialPhase[]): Step {
  return {
    ...step,
    do: async (host, doing) => {
      const since = performance.now();
      const note = (ok: boolean, words: string) =>
        phases.push({ name: step.name, seconds: (performance.now() - since) / 1000, ok, words });
      try {
        const words = await step.do(host, doing);
        note(true, words);
        return words;
      } catch (error) {
        note(
          false,
          error instanceof UserError ? `${error.code}: ${error.message}\n${error.likely}` : String(error),
        );
        throw error;
      }
    },
  };
}

async function describe(
  name: string,
  shell: Host | undefined,
  outcomes: ReadonlyMap<string, string>,
): Promise<TrialNode> {
  const unknown = {
    name,
    pve: "unknown",
    kernel: "unknown",
    tailscale: "unknown",
    outcome: outcomes.get(name),
  };
  if (!shell) return unknown;
  const [node, kernel, tailnet] = await Promise.all([
    readOwnNode(shell).catch(() => undefined),
    shell.run(["uname", "-r"], { timeoutMs: 10_000 }),
    readTailnet(shell).catch(() => undefined),
  ]);
  return {
    ...unknown,
    pve: node?.pve.version ?? "unknown",
    kernel: kernel.stdout.trim() || "unknown",
    tailscale: tailnet?.kind === "answers" ? tailnet.status.version : (tailnet?.kind ?? "unknown"),
  };
}

function tooFew(vms: readonly TestVm[]): UserError {
  return new UserError("E_TESTBED_NONE", `a trial needs two VMs, and the testbed has ${vms.length}`, {
    likely: "it was made with --nodes 1",
    mend: "tailmox testbed create --template VMID --nodes 3 adds what is missing",
  });
}

const STAGED = "staged";

const outcomeJson = z.object({
  outcome: z.string(),
  tailnet: z.object({ address: z.string() }).optional(),
});
