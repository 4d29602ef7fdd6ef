import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { lockRun } from "../../../../src/host/run-lock.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp("/tmp/tailmox-lock-");
});

afterAll(() => rm(folder, { recursive: true }));

test("a second run is told the process id of the first, and gets in when that lets go", () => {
  const path = join(folder, "run.lock");
  const release = lockRun(path);
  expect(() => lockRun(path)).toThrow(`process ${process.pid}`);
  release();
  lockRun(path)();
});

test("a run that was killed bars nobody, and neither do the children that it left", async () => {
  const path = join(folder, "killed.lock");
  const holder = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/hold-lock.ts"), path], {
    stdout: "pipe",
  });
  const reader = holder.stdout.getReader();
  const child = Number(new TextDecoder().decode((await reader.read()).value));
  expect(() => lockRun(path)).toThrow(`process ${holder.pid}`);
  holder.kill("SIGKILL");
  await holder.exited;
  lockRun(path)();
  process.kill(child);
});
