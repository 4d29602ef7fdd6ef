import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectDir } from "../../lab/paths.ts";
import { ERROR_CODES } from "../../src/errors.ts";

test("every error code has its row in docs/errors.md, with the right exit status, and no row is left over", async () => {
  const text = await readFile(join(projectDir, "docs/errors.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(E_[A-Z0-9_]+)` \| (\d+) \|/gm)].map(([, code, exit]) => [
    code,
    Number(exit),
  ]);
  expect(Object.fromEntries(rows)).toEqual({ ...ERROR_CODES });
  expect(rows.length).toBe(Object.keys(ERROR_CODES).length);
});
