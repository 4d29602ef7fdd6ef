import { expect, test } from "bun:test";
import { join } from "node:path";
import { cacheDir, projectDir } from "../../lab/paths.ts";
import { run } from "../../src/host/run.ts";

const go = (...args: string[]) =>
  run(["go", ...args], {
    cwd: join(projectDir, "lab"),
    timeoutMs: 600_000,
    env: {
      CGO_ENABLED: "1",
      GOMODCACHE: join(cacheDir, "go/mod"),
      GOCACHE: join(cacheDir, "go/build"),
      GOTOOLCHAIN: "local",
      GOFLAGS: "-modcacherw",
    },
  });

test("the file system's own tests pass: same order same tree, nothing on a majority's disks is lost", async () => {
  const result = await go("test", "./pve/pmxcfs/...");
  expect(result.stdout.split("\n").filter((line) => /^(---|FAIL|panic)/.test(line))).toEqual([]);
  expect(result.exitCode).toBe(0);
  expect(result.stdout.match(/^ok\s/gm)?.length).toBeGreaterThanOrEqual(7);
}, 600_000);

test("the file system's source has no finding of go vet", async () => {
  const result = await go("vet", "./pve/pmxcfs/...");
  expect(result.stderr).toBe("");
  expect(result.exitCode).toBe(0);
}, 600_000);
