import { join } from "node:path";
import { cacheDir, projectDir } from "../lab/paths.ts";
import { run } from "../src/host/run.ts";

/**
 * Whole runs of the demo as a user starts it. Cold means a clean clone with an empty .cache/, made in a temporary
 * folder (Debian packages of the machine are not removed for it).
 */
export async function benchDemo(): Promise<void> {
  const warm = await timeDemo(projectDir);
  const clone = join(cacheDir, "bench-clone");
  await run(["rm", "-rf", clone]);
  await run(["git", "clone", "--quiet", projectDir, clone], { timeoutMs: 120_000 });
  const cold = await timeDemo(clone);
  const again = await timeDemo(clone);
  await run(["rm", "-rf", clone], { timeoutMs: 120_000 });
  console.log(`demo warm  ${warm.toFixed(0)} s`);
  console.log(
    `demo cold  ${cold.toFixed(0)} s  (clean clone, empty cache: ${(cold / again).toFixed(1)} x its second run)`,
  );
}

/** Seconds from `npm run demo` to its end. Throws when it fails: a failed demo has no time. */
async function timeDemo(checkout: string): Promise<number> {
  const result = await run(["npm", "run", "demo"], { cwd: checkout, timeoutMs: 30 * 60_000 });
  if (result.exitCode !== 0)
    throw new Error(`the demo failed:\n${result.stdout.slice(-2000)}${result.stderr.slice(-2000)}`);
  return result.durationMs / 1000;
}
