import type { Command } from "commander";
import { takeDown } from "../down.ts";
import { prepareProxmoxRoot } from "../images/proxmox-root.ts";
import { planLab } from "../plan.ts";
import { progressOnStderr } from "../progress.ts";
import { listScenarios, loadScenario } from "../scenarios/load.ts";
import { ensureSetup } from "../setup/setup.ts";
import { labStatus, renderStatus } from "../status.ts";
import { labNames } from "../store.ts";
import { labUp } from "../up.ts";
import { labName, labOf } from "./lab-option.ts";

/** `up`, `status`, `list`, `down`, `setup`, `image`: a lab from its first line to its last. */
export function addLifeCommands(program: Command): void {
  program
    .command("up <scenario>")
    .description("make and boot a lab: a scenario's name, or a .ts file")
    .option("--retain", "leave the wreck when it fails")
    .option("--rootfs <dir>", "boot all hosts from this root file system instead of the lab's image")
    .action(async (scenario: string, flags: { retain?: boolean; rootfs?: string }, command: Command) => {
      const read = await loadScenario(scenario);
      const hosts = read.hosts.map((host) => ({ ...host, ...(flags.rootfs && { rootfs: flags.rootfs }) }));
      const plan = await labUp(labName(command), { ...read, hosts }, { retain: flags.retain ?? false });
      console.log(`${plan.hosts.map((host) => host.name).join(", ")} run.  Next: npm run lab -- status`);
    });

  program
    .command("status")
    .description("hosts, links as asked and as measured, cluster, tailnet")
    .option("--json", "the same for programs")
    .action(async (flags: { json?: boolean }, command: Command) => {
      const status = await labStatus(await labOf(command));
      console.log(flags.json ? JSON.stringify(status, null, 2) : renderStatus(status));
    });

  program
    .command("list")
    .description("the labs that are there, and the scenarios")
    .action(async () => {
      const labs = await labNames();
      console.log(labs.length > 0 ? `Labs: ${labs.join(", ")}` : "No lab is there.");
      for (const { name, summary } of await listScenarios()) console.log(`  ${name.padEnd(10)} ${summary}`);
    });

  program
    .command("down")
    .description("take a lab away: nothing of it stays")
    .option("--all", "every lab of this checkout")
    .action(async (flags: { all?: boolean }, command: Command) => {
      const names = flags.all ? await labNames() : [labName(command)];
      // By name alone: a lab that was killed while it was made has nothing else to go by.
      for (const name of names) await takeDown(planLab(name, NOTHING));
    });

  program
    .command("setup")
    .description("install and build all that a lab needs, for both Proxmox releases")
    .action(() => ensureSetup(progressOnStderr(), [{ release: "pve8" }, { release: "pve9" }]));

  program
    .command("image")
    .description("prepare a root file system with the real Proxmox packages, for `up --rootfs`")
    .requiredOption("--proxmox", "from Proxmox's own package repository")
    .option("--release <release>", "pve8 or pve9", "pve9")
    .argument("<dir>", "where to put it")
    .action((dir: string, flags: { release: string }) =>
      prepareProxmoxRoot(dir, flags.release === "pve8" ? "pve8" : "pve9", progressOnStderr().note),
    );
}

const NOTHING = {
  name: "none",
  summary: "",
  tailnet: "none" as const,
  sites: [],
  hosts: [],
  links: [],
  defaultLink: { rttMs: 0 },
};
