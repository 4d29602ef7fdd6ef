import type { Command } from "commander";
import { VERSION } from "./version.ts";

/** Where changes are logged, unless --log-file names another place. */
export const LOG_FILE = "/var/log/tailmox.log";

/** How a command behaves, its subcommands included. */
export function inherit(command: Command): Command {
  return command
    .version(`tailmox ${VERSION}`, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 80 });
}

/** The flags of a command that changes something. */
export function changing(command: Command): Command {
  return command
    .option("--yes", "agree to the plans shown")
    .option("--dry-run", "show the plan and change nothing")
    .option("--log-file <FILE>", "where to write the log", LOG_FILE);
}

/** Gives every command, the nested ones too, the flags that all have, where it has none of its own of that name. */
export function addCommonFlags(program: Command): void {
  for (const command of program.commands) {
    addCommonFlags(command);
    // One that holds others does nothing by itself.
    if (command.commands.length > 0) continue;
    for (const [name, flags, words] of COMMON) {
      if (!command.options.some(({ long }) => long === name)) command.option(flags, words);
    }
  }
}

const COMMON = [
  ["--json", "--json", "print the result as JSON, and nothing else, on stdout"],
  ["--verbose", "--verbose", "tell more: every command that is run, every change that is made"],
  ["--log-file", "--log-file <FILE>", "where to write a log (default: none, since this only looks)"],
] as const;
