import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { makeProgram } from "./src/cli/program.ts";

/** The reference of all commands, from the words of their own help. */
export function commandReference(): string {
  const program = makeProgram(() => undefined);
  const sections = allCommands(program).map((command) => `## ${fullName(command)}\n\n${helpOf(command)}\n`);
  return `${HEAD}\n${sections.join("\n")}`;
}

/** Where it stands. */
export const REFERENCE = join(import.meta.dir, "docs/commands.md");

const HEAD = `# Commands

Written by \`npm run docs\` from what \`--help\` prints; edit the help, not this file. Errors and exit codes: [errors.md](errors.md).
`;

/** Each command before those that it holds. */
function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

/** As it is printed, with what addHelpText adds. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (more) => (text += more) });
  command.outputHelp();
  return `    ${text.trim().replaceAll("\n", "\n    ").replaceAll(/^ +$/gm, "")}`;
}

if (import.meta.main) await writeFile(REFERENCE, commandReference());
