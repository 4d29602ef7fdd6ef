import { describe, expect, test } from "bun:test";
import type { Command } from "commander";
import { makeProgram } from "../../../../src/cli/program.ts";

/** What changes something: a host, a cluster or a tailnet. All others only look. */
const CHANGING = [
  "up",
  "undo",
  "admit",
  "tune",
  "policy apply",
  "policy undo",
  "service define",
  "service remove",
  "key create",
  "key revoke",
  "devices prune",
  ...["create", "revert", "start", "stop", "try", "destroy"].map((name) => `testbed ${name}`),
];

const program = makeProgram(() => undefined);
const commands = under(program);
const working = commands.filter(([, command]) => command.commands.length === 0);

test("every command that is said to change something is there", () => {
  expect(CHANGING.filter((name) => !working.some(([other]) => other === name))).toEqual([]);
});

describe.each([["", program] as const, ...commands])("tailmox %s", (_, command) => {
  test("has help with examples, on 80 columns, and tells the version", () => {
    const text = helpOf(command);
    expect(text).toContain("Examples:\n");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(flagsOf(command)).toContain("--version");
    expect(text).toContain("--help");
  });
});

describe.each(working)("tailmox %s", (name, command) => {
  test("has the flags that all have, and those of a change only when it changes something", () => {
    const flags = flagsOf(command);
    for (const flag of ["--json", "--verbose", "--log-file"]) expect(flags).toContain(flag);
    const isChanging = CHANGING.includes(name);
    expect([flags.includes("--yes"), flags.includes("--dry-run")]).toEqual([isChanging, isChanging]);
    const log = command.options.find(({ long }) => long === "--log-file")?.defaultValue;
    expect(log).toBe(isChanging ? "/var/log/tailmox.log" : undefined);
  });
});

function under(parent: Command, before = ""): (readonly [string, Command])[] {
  return parent.commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    return [[name, command] as const, ...under(command, `${name} `)];
  });
}

function flagsOf(command: Command): (string | undefined)[] {
  return command.options.map(({ long }) => long ?? undefined);
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (more) => (text += more) });
  command.outputHelp();
  return text;
}
