import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { poll } from "../../../../src/host/deadline.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp("/tmp/tailmox-terminal-");
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the fixture on a real pseudo-terminal, does something when it asks, and gives what it noted. */
async function asked(then: (terminal: Bun.Terminal) => void): Promise<string[]> {
  const notes = join(folder, String(performance.now()));
  let shown = "";
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/asked.ts"), notes], {
    terminal: { cols: 80, rows: 24, data: (_, bytes) => (shown += new TextDecoder().decode(bytes)) },
  });
  if (!child.terminal) throw new Error("no pseudo-terminal");
  expect(await poll(10_000, 50, async () => (shown.includes("No") ? true : undefined))).toBe(true);
  then(child.terminal);
  await child.exited;
  return (await readFile(notes, "utf8")).trim().split("\n");
}

test("a terminal that is closed answers No to what it was asked, and to all that comes", async () => {
  expect(await asked((terminal) => terminal.close())).toEqual([
    "asked Go on?",
    "answer false",
    "gone true",
    "asked and now?",
    "password undefined",
  ]);
});

test("a terminal that is there is believed", async () => {
  const notes = await asked((terminal) => {
    terminal.write("y");
    // The password, typed ahead.
    setTimeout(() => terminal.write("secret\r"), 1_500);
  });
  expect(notes).toEqual(["asked Go on?", "answer true", "gone false", "asked and now?", "password secret"]);
});
