import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { commandReference, REFERENCE } from "../../docs.ts";

test("docs/commands.md is what the help says now (npm run docs writes it)", async () => {
  expect(await readFile(REFERENCE, "utf8")).toBe(commandReference());
});
