import { UserError } from "../errors.ts";
import { readOwnNode } from "../proxmox/own-node.ts";
import { applySteps } from "../steps/apply.ts";
import type { Step } from "../steps/step.ts";
import type { ControlPlane } from "../tailnet/api/control-plane.ts";
import { readTailnet } from "../tailnet/facts.ts";
import { agreed } from "../up/consent.ts";
import type { Company } from "../up/options.ts";
import type { Ground } from "./ground.ts";
import type { TrialNode, TrialPhase, TrialReport } from "./report.ts";
import { planRevert, readyVms } from "./revert.ts";
import { waysBack } from "./snapshots.ts";
import { assertNoStrangers, taggedByApi, taggedPeers } from "./strangers.ts";
import type { TrialOptions } from "./trial.ts";
import { type TrialState, trialSteps } from "./try-steps.ts";
import { lookAtVms, type TestVm } from "./vms.ts";

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
  const state: TrialState = { hosts: new Map(), outcomes: new Map() };
  const steps = [...revert.steps, ...trialSteps(ground, wishes, vms, state)];
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
  const nodes = await Promise.all(vms.map(({ name }) => describe(name, state)));
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

async function describe(name: string, { hosts, outcomes }: TrialState): Promise<TrialNode> {
  const shell = hosts.get(name)?.shell;
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
