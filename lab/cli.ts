import { Command } from "commander";
import { UserError } from "../src/errors.ts";
import { addFabricCommands } from "./commands/fabric.ts";
import { addLifeCommands } from "./commands/life.ts";
import { addMachineCommands } from "./commands/machines.ts";

const program = new Command("lab")
  .description("A lab of real hosts on this machine: systemd, corosync, sshd, tailscaled; emulated internet.")
  .option("--name <name>", "which lab, where several run", "lab")
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    "after",
    `
Examples:
  npm run lab -- up demo                     three hosts at three places
  npm run lab -- status                      hosts, links, cluster, tailnet
  npm run lab -- shell pve1                  a root shell on a host
  npm run lab -- link pve1 pve2 --rtt 120ms --jitter 5ms --loss 1%
  npm run lab -- cut pve1 pve2               and: heal
  npm run lab -- crash pve2                  a power cut; then: boot pve2
  npm run lab -- down                        leaves nothing`,
  );
addLifeCommands(program);
addMachineCommands(program);
addFabricCommands(program);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`\n${error.message}  (${error.code})\n  Likely: ${error.likely}\n  Mend:   ${error.mend}`);
  process.exitCode = error.exitCode;
}
