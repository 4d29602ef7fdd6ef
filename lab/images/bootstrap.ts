import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { run, runOk } from "../../src/host/run.ts";
import { debianMirror } from "./mirror.ts";
import type { Recipe } from "./recipe.ts";
import { requireSpace } from "./space.ts";
import { writeFiles } from "./write-files.ts";

/** MiB that one root takes (340), with the packages kept for the next time (130) and some room. */
const NEEDED_MIB = 900;

const LONGEST_MS = 15 * 60_000;

/**
 * Makes the Debian root of a recipe in `dir` with debootstrap (about 40 s, 25 s with the packages in `packages`).
 * The caller holds the lock. `dir` appears whole or not at all. Throws E_LAB_NO_SPACE, E_LAB_IMAGE.
 */
export async function bootstrap(
  recipe: Recipe,
  dir: string,
  packages: string,
  progress: (line: string) => void = () => undefined,
): Promise<void> {
  const partial = `${dir}.partial`;
  await requireSpace(dir, NEEDED_MIB, `the ${recipe.suite} image`);
  await mkdir(packages, { recursive: true });
  await debootstrap(recipe, partial, packages);
  for (const path of recipe.remove) await rm(join(partial, path), { force: true });
  for (const edit of recipe.replace) await replaceLine(join(partial, edit.path), edit.line, edit.by);
  await writeFiles(partial, recipe.files);
  await rm(join(partial, "var/cache/apt/archives"), { recursive: true, force: true });
  await mkdir(join(partial, "var/cache/apt/archives/partial"), { recursive: true });
  await rename(partial, dir);
  progress(`${recipe.suite} root is ready`);
}

async function debootstrap(recipe: Recipe, partial: string, packages: string): Promise<void> {
  // A lock that debootstrap itself holds: one that outlived a killed lab keeps the next from its directory.
  const alone = ["flock", `${partial}.lock`] as const;
  await runOk([...alone, "rm", "-rf", "--one-file-system", partial], { timeoutMs: LONGEST_MS });
  const { exitCode, stdout, stderr, timedOut } = await run(
    [
      // debootstrap mounts /proc and /sys: in a mount namespace of its own they cannot be left behind.
      ...([...alone, "unshare", "--mount", "--propagation", "slave"] as const),
      ...["debootstrap", ...recipe.arguments],
      `--include=${recipe.packages.join(",")}`,
      `--cache-dir=${packages}`,
      ...[recipe.suite, partial, await debianMirror()],
    ],
    { timeoutMs: LONGEST_MS, env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" } },
  );
  await rm(`${partial}.lock`, { force: true });
  if (exitCode === 0) return;
  const log = await readFile(join(partial, "debootstrap/debootstrap.log"), "utf8").catch(() => "");
  const words = `${stdout}${stderr}${log}`.trim().split("\n").slice(-6).join("\n");
  throw new UserError("E_LAB_IMAGE", `debootstrap could not make the ${recipe.suite} root`, {
    likely: timedOut ? "the Debian mirror is very slow" : words,
    mend: "see that this machine reaches its Debian mirror, and that its debian-archive-keyring is up to date",
  });
}

async function replaceLine(file: string, line: string, by: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.split("\n").includes(line))
    throw new Error(`${file} has no line "${line}": the recipe is out of date`);
  await writeFile(file, text.replace(line, by));
}
