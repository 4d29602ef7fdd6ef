import { expect, test } from "bun:test";
import { run } from "../../../../src/host/run.ts";

test("a program that leaves a child with its pipes behind is waited for no longer than it may take", async () => {
  const started = performance.now();
  const result = await run(["sh", "-c", "echo first; sleep 8; echo second"], { timeoutMs: 300 });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(result).toMatchObject({ timedOut: true, exitCode: null, stdout: "first\n" });
});

test("a program that is called off ends at once", async () => {
  const off = new AbortController();
  setTimeout(() => off.abort(), 200);
  const started = performance.now();
  expect((await run(["sleep", "8"], { signal: off.signal })).exitCode).toBeNull();
  expect(performance.now() - started).toBeLessThan(3_000);
});
