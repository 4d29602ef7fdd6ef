import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../lab/paths.ts";
import { digestOf, readRecord } from "../../proof/up/record.ts";
import { STORIES } from "../../proof/up/stories.ts";

/** Mend: npm run proof -- up --stale */
test("every story of up was told with the sources as they are now, and has its record", async () => {
  const stale: string[] = [];
  for (const story of STORIES) {
    const record = await readRecord(story);
    if (record?.digest !== (await digestOf(story))) stale.push(story.file);
  }
  expect(stale).toEqual([]);
});

test("every story names sources that exist", () => {
  const paths = STORIES.flatMap(({ file, about }) => [file, ...about]);
  expect(paths.filter((path) => !existsSync(join(projectDir, path)))).toEqual([]);
});
