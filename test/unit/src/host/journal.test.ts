import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "../../../../src/host/journal.ts";
import { keepSecret } from "../../../../src/host/redact.ts";

const folder = mkdtempSync(join(tmpdir(), "tailmox-journal-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a journal is JSON lines for root alone, without the secrets that the process knows", () => {
  const path = join(folder, "plain.log");
  keepSecret("s3cret");
  openJournal(path).write({ event: "run", argv: ["x", "s3cret"] });
  const lines = readFileSync(path, "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "start" },
    { argv: ["x", "[secret]"] },
  ]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a long one is put aside before a run begins, three old ones are kept", () => {
  const path = join(folder, "long.log");
  for (const mark of ["a", "b", "c", "d", "e"]) {
    writeFileSync(path, mark.repeat(5_000_001));
    openJournal(path);
    expect(statSync(path).size).toBeLessThan(1_000);
  }
  const kept = readdirSync(folder).filter((name) => name.startsWith("long.log."));
  expect(kept.sort()).toEqual(["long.log.1", "long.log.2", "long.log.3"]);
  expect(readFileSync(join(folder, "long.log.3"), "utf8")[0]).toBe("c");
});
