import { expect, test } from "bun:test";
import { join } from "node:path";
import { projectDir } from "../../lab/paths.ts";
import { run } from "../../src/host/run.ts";

const bin = (name: string) => join(projectDir, "node_modules/.bin", name);

test("all sources type-check", async () => {
  const { exitCode, stdout } = await run([bin("tsc"), "-p", "."], { cwd: projectDir, timeoutMs: 120_000 });
  expect(stdout).toBe("");
  expect(exitCode).toBe(0);
});

test("all sources keep to the formatter and the linter", async () => {
  const result = await run([bin("biome"), "check", "--error-on-warnings", "."], {
    cwd: projectDir,
    timeoutMs: 120_000,
  });
  expect(result.exitCode === 0 ? "" : result.stdout + result.stderr).toBe("");
});
