import type { Command } from "commander";
import { inherit } from "./common-flags.ts";

/** Adds `tailmox check`. */
export function addCheckCommand(program: Command, done: (status: number) => void): void {
  const command = program
    .command("check")
    .argument("[PEER...]", "names or addresses; all hosts with the tag where none is given")
    .description("Try everything that a cluster needs between this host and its peers.")
    .option("--tag <TAG>", "exact tag of the hosts (default: tag:tailmox)")
    .option("--password-file <FILE>", "root's password of the peers, to answer UDP there by ssh")
    .addHelpText("after", CHECK_EXAMPLES);
  inherit(command).action(async (peers: string[], options: unknown) => {
    const { runCheck } = await import("./commands/check.ts");
    done(await runCheck(peers, options));
  });
}

const CHECK_EXAMPLES = `
The checks that up makes before it changes anything, alone: pings, TCP 22 and
8006, UDP 5405-5412 both ways, packet sizes, clocks, versions, names. Under
10 s, whatever the number of hosts; nothing is changed.

UDP can be proven only where somebody answers: tailmox up, check or admit that
runs there at the same time; corosync, between members; else root's ssh.

Exit status: 0 when all was seen to work, 4 when something failed or could not
be proven.

Examples:
  tailmox check
  tailmox check pve2
  tailmox check --password-file peers --json`;
