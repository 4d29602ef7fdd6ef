import type { Command } from "commander";
import { inherit } from "./common-flags.ts";

/** Adds `tailmox status` and `tailmox attach`. */
export function addStatusCommands(program: Command, done: (status: number) => void): void {
  const status = program
    .command("status")
    .description("Show the cluster, its members, the links to them, and what is to be mended.")
    .option("--watch", "look again and again, until Ctrl-C")
    .addHelpText("after", STATUS_EXAMPLES);
  inherit(status).action(async (options: unknown) => {
    const { runStatus } = await import("./commands/status.ts");
    done(await runStatus(options));
  });
  const attach = program
    .command("attach")
    .description("Show what tailmox changes on this host right now, or how its last run ended.")
    .addHelpText("after", ATTACH_EXAMPLES);
  inherit(attach).action(async (options: unknown) => {
    const { runAttach } = await import("./commands/attach.ts");
    done(await runAttach(options));
  });
}

const STATUS_EXAMPLES = `
Examples:
  tailmox status
  tailmox status --watch
  tailmox status --json`;

const ATTACH_EXAMPLES = `
A run that has begun to change this host goes on when its terminal is closed.
This shows all that it said and says, and ends with its exit status; Ctrl-C ends
only the showing. Nothing is kept over a reboot; the log is.

Examples:
  tailmox attach
  tailmox attach --json`;
