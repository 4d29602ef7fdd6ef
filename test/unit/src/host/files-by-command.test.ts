import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesByCommand } from "../../../../src/host/files-by-command.ts";
import { run } from "../../../../src/host/run.ts";

let dir = "";
const files = filesByCommand("here", run, "sh -c");

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tailmox-files-"));
});
afterAll(() => rm(dir, { recursive: true }));

test("a file is written whole, with its mode, whatever its name and its text are", async () => {
  const path = join(dir, "a 'new' folder/$(name)");
  const text = "one line\n'$(uname)' \\ \u00e4\n";
  await files.write(path, text, 0o600);
  expect(await readFile(path, "utf8")).toBe(text);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(dir, "a 'new' folder"))).toEqual(["$(name)"]);
  expect(await files.text(path)).toBe(text);
});

test("a file that cannot be written is an error, and what stood there stays", async () => {
  const path = join(dir, "old");
  await files.write(path, "old\n", 0o644);
  await expect(files.write(join(path, "below"), "new\n", 0o644)).rejects.toMatchObject({
    code: "E_COMMAND_FAILED",
  });
  expect(await files.text(path)).toBe("old\n");
});
