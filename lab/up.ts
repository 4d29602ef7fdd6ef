import { ensureExecutable } from "../build.ts";
import { UserError } from "../src/errors.ts";
import { takeDown } from "./down.ts";
import { createFabric } from "./fabric/create.ts";
import { startRelay } from "./fabric/relay-control.ts";
import { hypervisorHosts, machinesOf } from "./hypervisor/bays.ts";
import { startHypervisor } from "./hypervisor/start.ts";
import { installTemplate, offerTemplate } from "./hypervisor/template.ts";
import type { ImageFile } from "./images/recipe.ts";
import { bootHost } from "./machines/boot.ts";
import { assertMachineFits } from "./machines/preflight.ts";
import { prepareHost } from "./machines/prepare.ts";
import { type LabPlan, planLab } from "./plan.ts";
import { type Progress, progressOnStderr } from "./progress.ts";
import type { Scenario } from "./scenario.ts";
import { ensureSetup } from "./setup/setup.ts";
import { labExists, saveLab } from "./store.ts";
import { startControl } from "./tailnet/control.ts";
import { hostFiles } from "./tailnet/host-files.ts";
import { installTailscale } from "./tailnet/install.ts";
import { startInternet } from "./tailnet/internet.ts";

export interface UpOptions {
  readonly progress?: Progress;
  /** Leave what was made when it fails, to look at. */
  readonly retain?: boolean;
}

/**
 * Makes a lab of a scenario: networks, relay, tailnet, hosts, all booted, with tailmox dropped on each.
 * What it made is taken away again when it fails, unless `retain`. Throws E_LAB_EXISTS, E_LAB_* of its parts.
 */
export async function labUp(name: string, scenario: Scenario, options: UpOptions = {}): Promise<LabPlan> {
  const progress = options.progress ?? progressOnStderr();
  if (labExists(name)) {
    throw new UserError("E_LAB_EXISTS", `a lab called "${name}" is there already`, {
      likely: "it still runs, or its start was interrupted",
      mend: `npm run lab -- --name ${name} down`,
    });
  }
  const plan = planLab(name, scenario);
  await assertMachineFits(plan);
  await ensureSetup(progress, scenario.hosts);
  await saveLab(plan);
  try {
    await make(plan, progress);
  } catch (error) {
    if (!options.retain) await takeDown(plan);
    throw error;
  }
  return plan;
}

async function make(plan: LabPlan, { step }: Progress): Promise<void> {
  const hosts = machinesOf(plan);
  const owners = hypervisorHosts(plan);
  await step("networks, relay, internet", "usually 2 s", async () => {
    await createFabric(plan);
    await startRelay(plan);
    await startInternet(plan);
  });
  await Promise.all([
    step(`tailnet (${plan.scenario.tailnet})`, "usually 2 s", () => startControl(plan)),
    step(`disks of ${hosts.length} hosts`, "usually 3 s", async () => {
      const files = await filesFor(plan);
      await Promise.all(hosts.map((host) => prepareHost(plan, host, { files })));
    }),
    startHypervisor(plan),
  ]);
  await step(`boot of ${hosts.length} hosts`, "usually 5 s", async (note) => {
    const booted = await Promise.all(hosts.map((host) => bootHost(plan, host, note)));
    for (const [index, { state, failedUnits }] of booted.entries()) {
      if (state !== "running")
        note(`${hosts[index]?.name} is ${state}: ${failedUnits.join(", ") || "no unit failed"}`);
    }
  });
  if (owners.length > 0) {
    await step("template of their VMs", "usually 15 s", async () => {
      // Without tailmox: a template is what an administrator has.
      const files = await hostFiles(plan);
      for (const host of owners) {
        await installTemplate(plan, host, files);
        await offerTemplate(plan, host);
      }
    });
  }
  const given = hosts.filter((host) => host.tailscale);
  if (given.length > 0) {
    await step("Tailscale on hosts that have it", "usually 5 s", () =>
      Promise.all(given.map((host) => installTailscale(plan, host))),
    );
  }
}

/** What every host gets beside its identity: the lab's authorities, and tailmox as a user would drop it there. */
async function filesFor(plan: LabPlan): Promise<ImageFile[]> {
  const tailmox = { path: "/usr/local/bin/tailmox", mode: 0o755, from: await ensureExecutable() };
  return [...(await hostFiles(plan)), tailmox];
}
