import { PveError, textOf } from "../errors.ts";
import { parseOptions } from "../params/cli-options.ts";
import type { ParamSchemas } from "../params/schema.ts";
import { type Params, verifyParams } from "../params/verify.ts";
import { complain } from "./say.ts";

export interface Command {
  /** Names of the arguments, in order. */
  readonly args: readonly string[];
  readonly params: ParamSchemas;
  /** Gives the exit status; an error's text goes to stderr. */
  run(params: Params): Promise<number>;
}

/**
 * Runs one of a program's commands the way PVE::CLIHandler does: `400 ...` and a usage line for what cannot be
 * read, `please run as root`, errors on stderr (proxmox.md 0, rule C).
 */
export async function runCommand(
  program: string,
  commands: Readonly<Record<string, Command>>,
  argv: readonly string[],
): Promise<number> {
  const names = Object.keys(commands).sort((a, b) => b.length - a.length);
  const name = names.find((each) => each.split(" ").every((word, i) => argv[i] === word));
  const command = name === undefined ? undefined : commands[name];
  if (name === undefined || !command) {
    const first = argv[0] ?? "";
    const asksHelp = first === "help" || /^--?h(elp)?$/.test(first);
    const what = first === "" ? "no command specified" : `unknown command '${program} ${argv.join(" ")}'`;
    const usage = names.sort().map((each) => `       ${usageLine(program, each, commands[each])}`);
    complain(
      `${asksHelp ? "" : `ERROR: ${what}\n`}USAGE: ${program} <COMMAND> [ARGS] [OPTIONS]\n${usage.join("\n")}`,
    );
    return asksHelp ? 0 : 255;
  }
  if (process.getuid?.() !== 0) {
    complain("please run as root");
    return 255;
  }
  try {
    const words = argv.slice(name.split(" ").length);
    return await command.run(verifyParams(parseOptions(words, command.params, command.args), command.params));
  } catch (error) {
    complain(errorText(error));
    if (error instanceof PveError && error.status === 400) complain(usageLine(program, name, command));
    return error instanceof PveError ? error.exitCode : 255;
  }
}

/** The text of an error on stderr: `400 Parameter verification failed.` with a line per parameter. */
export function errorText(error: unknown): string {
  if (!(error instanceof PveError) || !error.errors) return textOf(error).trimEnd();
  const lines = Object.entries(error.errors).map(([name, reason]) => `${name}: ${reason}`);
  return [`${error.status} ${error.message}`, ...lines].join("\n");
}

function usageLine(program: string, name: string, command: Command | undefined): string {
  return [
    program,
    name,
    ...(command?.args ?? []).map((arg) => (command?.params[arg]?.optional ? `[<${arg}>]` : `<${arg}>`)),
    "[OPTIONS]",
  ].join(" ");
}
