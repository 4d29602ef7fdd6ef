import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeOnce } from "../../../../lab/tailnet/make-once.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tailmox-once-"));
});
afterEach(() => rm(root, { recursive: true }));

test("a directory that is there is not made again", async () => {
  const made = join(root, "made");
  await makeOnce(made, (scratch) => writeFile(join(scratch, "file"), "first"));
  await makeOnce(made, (scratch) => writeFile(join(scratch, "file"), "second"));
  expect(await readFile(join(made, "file"), "utf8")).toBe("first");
});

test("a making that fails leaves nothing behind", async () => {
  const failing = makeOnce(join(root, "made"), async (scratch) => {
    await writeFile(join(scratch, "half"), "");
    throw new Error("no space");
  });
  await expect(failing).rejects.toThrow("no space");
  expect(await readdir(root)).toEqual([]);
});

test("of two that make it at once both end well, with the one that was first", async () => {
  const made = join(root, "made");
  const make = (word: string, ms: number) =>
    makeOnce(made, async (scratch) => {
      await Bun.sleep(ms);
      await writeFile(join(scratch, "file"), word);
    });
  await Promise.all([make("slow", 60), make("quick", 5)]);
  expect(await readFile(join(made, "file"), "utf8")).toBe("quick");
  expect(await readdir(root)).toEqual(["made"]);
});

test("what an interrupted making left is taken away after an hour, and not before", async () => {
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of [".made-old", ".made-now", ".other-old"]) await mkdir(join(root, name));
  for (const name of [".made-old", ".other-old"]) await utimes(join(root, name), hoursAgo, hoursAgo);
  await makeOnce(join(root, "made"), (scratch) => writeFile(join(scratch, "file"), ""));
  expect((await readdir(root)).sort()).toEqual([".made-now", ".other-old", "made"]);
});
