import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../src/errors.ts";
import { cacheDir, labDir } from "./paths.ts";
import { type LabPlan, planLab } from "./plan.ts";
import { type Scenario, scenario } from "./scenario.ts";

/** Remembers a lab's scenario before anything of it is made, so that `lab down` always knows what to look for. */
export async function saveLab(plan: LabPlan): Promise<void> {
  await mkdir(plan.dir, { recursive: true });
  await writeFile(`${scenarioFile(plan.name)}.new`, `${JSON.stringify(plan.scenario, null, 2)}\n`);
  await rename(`${scenarioFile(plan.name)}.new`, scenarioFile(plan.name));
}

/** The plan of a lab that was started. Throws E_LAB_ABSENT when there is none of that name. */
export async function loadLab(name: string): Promise<LabPlan> {
  if (!existsSync(scenarioFile(name))) {
    throw new UserError("E_LAB_ABSENT", `there is no lab called "${name}"`, {
      likely: "it was never started, or `lab down` took it away",
      mend: "npm run lab -- list      npm run lab -- up demo",
    });
  }
  return planLab(name, readScenario(JSON.parse(await readFile(scenarioFile(name), "utf8"))));
}

/** Names of the labs that were started and not taken down, finished or not. */
export async function labNames(): Promise<string[]> {
  return (await readdir(join(cacheDir, "labs")).catch(() => [])).sort();
}

export function labExists(name: string): boolean {
  return existsSync(scenarioFile(name));
}

function readScenario(text: unknown): Scenario {
  return scenario.parse(text);
}

function scenarioFile(name: string): string {
  return join(labDir(name), "scenario.json");
}
