import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";
import { projectDir } from "../../lab/paths.ts";

test("every page and heading of docs/ that the program points to is there", async () => {
  const broken: string[] = [];
  for await (const file of new Glob("{src,lab}/**/*.ts").scan(projectDir)) {
    const text = await readFile(join(projectDir, file), "utf8");
    for (const [target] of text.matchAll(/\bdocs\/[\w/-]+\.(?:md|json)(?:#[\w-]+)?/g)) {
      if (!(await exists(target))) broken.push(`${file}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test("every link from one page of the documents to another leads to a page and a heading", async () => {
  const broken: string[] = [];
  const pages = ["README.md", ...new Glob("docs/**/*.md").scanSync(projectDir)];
  for (const file of pages) {
    const text = await readFile(join(projectDir, file), "utf8");
    // What stands in a block of code is no link.
    for (const [, link = ""] of text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const target = link.startsWith("#") ? `${file}${link}` : normalize(join(dirname(file), link));
      if (!(await exists(target))) broken.push(`${file}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

async function exists(target: string): Promise<boolean> {
  const [path = "", heading] = target.split("#");
  const whole = join(projectDir, path);
  if (!existsSync(whole) || heading === undefined) return existsSync(whole);
  const text = await readFile(whole, "utf8");
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].some(([, title = ""]) => slug(title) === heading);
}

/** As GitHub makes a heading's anchor. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .trim()
    .replace(/\s/g, "-");
}
