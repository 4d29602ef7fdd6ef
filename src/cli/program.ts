import { Command, CommanderError } from "commander";
import { closeConnections } from "../host/ssh.ts";
import { addCheckCommand } from "./check-command.ts";
import { addCommonFlags, inherit } from "./common-flags.ts";
import { addForecastCommands } from "./forecast-commands.ts";
import { addLatencyCommand } from "./latency-command.ts";
import { reportError } from "./report-error.ts";
import { addStatusCommands } from "./status-commands.ts";
import { addTailnetCommands } from "./tailnet-commands.ts";
import { addTestbedCommands } from "./testbed-commands.ts";
import { addUpCommands } from "./up-commands.ts";

/** Reads argv (without program and script), runs the command, and gives the exit status. Never throws. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let status = 0;
  const json = argv.includes("--json");
  const program = makeProgram((code) => {
    status = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return status;
  } catch (error) {
    // commander has printed its own words already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, json);
  } finally {
    await closeConnections();
  }
}

/** All commands; `done` is told the exit status of the one that ran. */
export function makeProgram(done: (status: number) => void): Command {
  const program = inherit(new Command("tailmox"))
    .description("Makes one Proxmox VE cluster of hosts in different places, over Tailscale.")
    .showSuggestionAfterError()
    .addHelpText("after", PROGRAM_EXAMPLES);
  addUpCommands(program, done);
  addStatusCommands(program, done);
  addCheckCommand(program, done);
  addLatencyCommand(program, done, inherit);
  addForecastCommands(program, done, inherit);
  addTailnetCommands(program, done, inherit);
  addTestbedCommands(program, done);
  addCommonFlags(program);
  return program;
}

const PROGRAM_EXAMPLES = `
Examples:
  tailmox up --auth-key-file key --create   on the first host
  tailmox up --auth-key-file key            on each further host
  tailmox status

Errors and exit codes: docs/errors.md`;
