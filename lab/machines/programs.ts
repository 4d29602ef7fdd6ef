import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { goBuild } from "../go-build.ts";
import { binDir, projectDir } from "../paths.ts";

const NAMES = ["hold", "powercut"] as const;
export type MachineProgram = (typeof NAMES)[number];

/** Paths of the small Go programs that machines need; built (6 s the first time) when older than their source. */
export async function machinePrograms(): Promise<Readonly<Record<MachineProgram, string>>> {
  const stale = await Promise.all(NAMES.map(isStale));
  if (stale.some(Boolean)) {
    building ??= build();
    await building.finally(() => {
      building = undefined;
    });
  }
  return { hold: join(binDir, "hold"), powercut: join(binDir, "powercut") };
}

let building: Promise<void> | undefined;

async function isStale(name: MachineProgram): Promise<boolean> {
  const changed = async (path: string) => (await stat(path).catch(() => undefined))?.mtimeMs;
  const built = await changed(join(binDir, name));
  const dir = join(projectDir, "lab/machines", name);
  const sources = await Promise.all((await readdir(dir)).map((file) => changed(join(dir, file))));
  return built === undefined || sources.some((source) => source !== undefined && source > built);
}

async function build(): Promise<void> {
  await mkdir(binDir, { recursive: true });
  // Built aside and renamed: another lab may be running the old one.
  const aside = await mkdtemp(join(binDir, ".machines-"));
  try {
    await goBuild(["-o", `${aside}/`, ...NAMES.map((name) => `./machines/${name}`)]);
    for (const name of NAMES) await rename(join(aside, name), join(binDir, name));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
