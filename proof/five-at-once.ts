import { hostExec } from "../lab/machines/exec.ts";
import type { HostPlan, LabPlan } from "../lab/plan.ts";
import five from "../lab/scenarios/five.ts";
import { parseScenario } from "../lab/scenarios/load.ts";
import { waitForVotes } from "../lab/story/cut-and-return.ts";
import { giveSecrets } from "../lab/story/give-secrets.ts";
import { tailnetAddress } from "../lab/story/latency-matrix.ts";
import { tailmoxOn } from "../lab/story/tailmox-on.ts";
import { inLab } from "./in-lab.ts";
import type { Proof } from "./run.ts";

const scenario = parseScenario(
  {
    ...five,
    name: "five-at-once",
    summary: "five fresh hosts, each at a place of its own",
    tailnet: "headscale",
    hosts: five.hosts.map((host) => ({ ...host, tailscale: true })),
  },
  "five-at-once",
);

const proof: Proof = {
  summary:
    "five fresh hosts run `tailmox up --yes` at the very same moment, then five others that all insist on founding " +
    "(--create): one cluster of five, each run ends with 0, every host knows the names of all, and a second run " +
    "finds nothing to do",
  async prove(say) {
    const lab = (...more: string[]) => inLab("proof-five-at-once", scenario, (plan) => tell(plan, more, say));
    return { elected: await lab(), allInsist: await lab("--create") };
  },
};

export default proof;

async function tell(
  plan: LabPlan,
  more: readonly string[],
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const flags = await giveSecrets(plan);
  const runs = await Promise.all(plan.hosts.map((host) => up(plan, host, [...flags, ...more], say)));
  await waitForVotes(plan, plan.hosts, { quorate: true, votes: 5 });
  for (const host of plan.hosts) await assertNames(plan, host);
  for (const host of plan.hosts) {
    const { text } = await up(plan, host, flags, say);
    if (!text.includes("Nothing to do"))
      throw new Error(`a second run on ${host.name} found something to do`);
  }
  return {
    seconds: Object.fromEntries(runs.map(({ name, seconds }) => [name, seconds])),
    created: runs.filter(({ text }) => text.includes("is the first member")).map(({ name }) => name),
    dissolved: runs.filter(({ text }) => text.includes("dissolve: standalone")).map(({ name }) => name),
  };
}

/** Throws unless it ends with 0. */
async function up(plan: LabPlan, host: HostPlan, flags: readonly string[], say: (line: string) => void) {
  const lines: string[] = [];
  const since = performance.now();
  const exitCode = await tailmoxOn(plan, host, ["up", "--yes", ...flags], (line) => {
    say(line);
    lines.push(line);
  });
  if (exitCode !== 0) throw new Error(`tailmox up on ${host.name} ended with ${exitCode}`);
  return { name: host.name, text: lines.join("\n"), seconds: Math.round((performance.now() - since) / 1000) };
}

async function assertNames(plan: LabPlan, host: HostPlan): Promise<void> {
  for (const other of plan.hosts) {
    const { stdout } = await hostExec(plan, host, ["getent", "ahostsv4", other.name]);
    const [found, wanted] = [stdout.split(/\s/)[0], await tailnetAddress(plan, other)];
    if (found !== wanted) throw new Error(`on ${host.name} ${other.name} is ${found}, not ${wanted}`);
  }
}
