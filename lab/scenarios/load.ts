import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../src/errors.ts";
import { type Scenario, scenario } from "../scenario.ts";

/** Reads a scenario by its name in lab/scenarios/, or from a .ts or .json file. Throws E_LAB_SCENARIO. */
export async function loadScenario(nameOrFile: string): Promise<Scenario> {
  const own = resolve(import.meta.dir, `${nameOrFile}.ts`);
  const file = existsSync(own) && !nameOrFile.includes("/") ? own : resolve(nameOrFile);
  if (!existsSync(file)) {
    throw refused(
      nameOrFile,
      "no such file, and no scenario of that name",
      `one of: ${(await names()).join(", ")}`,
    );
  }
  const module: unknown = await import(file);
  return parseScenario(z.object({ default: z.unknown() }).parse(module).default, nameOrFile);
}

/** Checks what a scenario's author wrote: shape first, then whether what it names is there. */
export function parseScenario(input: unknown, from: string): Scenario {
  const parsed = scenario.safeParse(input);
  if (!parsed.success) throw refused(from, z.prettifyError(parsed.error), "mend the lines named above");
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw refused(from, problems.join("\n"), "mend the lines named above");
  return parsed.data;
}

/** The scenarios that come with the lab, each with its one-line summary. */
export async function listScenarios(): Promise<{ name: string; summary: string }[]> {
  return Promise.all(
    (await names()).map(async (name) => ({ name, summary: (await loadScenario(name)).summary })),
  );
}

function contradictions({ sites, hosts, links }: Scenario): string[] {
  const siteNames = new Set(sites.map((site) => site.name));
  const places = new Set([...siteNames, ...hosts.map((host) => host.name), "control", "internet"]);
  const problems: string[] = [];
  const repeated = duplicates([...sites.map((site) => site.name), ...hosts.map((host) => host.name)]);
  if (repeated.length > 0) problems.push(`used twice as a name of hosts or sites: ${repeated.join(", ")}`);
  for (const host of hosts) {
    if (!siteNames.has(host.site)) problems.push(`host ${host.name}: unknown site "${host.site}"`);
    const owner = hosts.find(({ name }) => name === host.bayOf);
    if (host.bayOf !== undefined && (!owner || owner.bayOf !== undefined))
      problems.push(`host ${host.name}: "${host.bayOf}" is no host that could have bays`);
    if (host.name === "control" || host.name === "internet")
      problems.push(`host ${host.name}: the name is taken`);
  }
  for (const { a, b } of links) {
    for (const end of [a, b]) {
      if (!places.has(end)) problems.push(`link ${a} - ${b}: unknown host or site "${end}"`);
    }
  }
  return problems;
}

function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

async function names(): Promise<string[]> {
  const files = await readdir(import.meta.dir);
  return files
    .filter((file) => file.endsWith(".ts") && file !== "load.ts")
    .map((file) => basename(file, ".ts"))
    .sort();
}

function refused(from: string, likely: string, mend: string): UserError {
  return new UserError("E_LAB_SCENARIO", `the scenario "${from}" cannot be used`, { likely, mend });
}
