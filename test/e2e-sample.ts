import { Glob } from "bun";
import { projectDir } from "../lab/paths.ts";
import { STORIES } from "../proof/up/stories.ts";
import { seededRandom } from "../src/cluster/random.ts";
import { run } from "../src/host/run.ts";

export interface Sample {
  readonly files: readonly string[];
  /** What rests on the record of its last success, whose digest a static test holds against the sources. */
  readonly left: readonly string[];
  readonly seed: string;
}

/** The first user's path, and what follows from it in other tests, is told every time. */
const ALWAYS = "test/e2e/up.test.ts";
/** Of one to three minutes each. */
const MORE = 3;

/**
 * The end-to-end tests of one run: all that keep no record, the main one, and some others, chosen by the commit (or
 * TAILMOX_SEED) so that a failure can be repeated.
 */
export async function e2eSample(): Promise<Sample> {
  const seed = process.env.TAILMOX_SEED ?? (await head());
  const all = [...new Glob("test/e2e/*.test.ts").scanSync(projectDir)].sort();
  const recorded = all.filter((file) => file !== ALWAYS && STORIES.some((story) => story.file === file));
  const random = seededRandom(Number.parseInt(seed.slice(0, 7), 16) || 0);
  const shuffled = recorded
    .map((file) => ({ file, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ file }) => file);
  const left = shuffled.slice(MORE).sort();
  return { files: all.filter((file) => !left.includes(file)), left, seed };
}

/** "0" outside of a git checkout. */
async function head(): Promise<string> {
  const { exitCode, stdout } = await run(["git", "-C", projectDir, "rev-parse", "HEAD"]);
  return exitCode === 0 ? stdout.trim() : "0";
}
