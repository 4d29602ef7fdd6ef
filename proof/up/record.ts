import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { ensureImage } from "../../lab/images/image.ts";
import { projectDir } from "../../lab/paths.ts";
import { runOk } from "../../src/host/run.ts";
import type { Story } from "./stories.ts";

/** What docs/evidence/up/NAME.json holds: one story that was seen to end well. */
const record = z.object({
  file: z.string(),
  date: z.iso.datetime(),
  seconds: z.number(),
  /** SHA-256 of the story and of the sources that it is about. */
  digest: z.string(),
  versions: z.record(z.string(), z.string()),
  cases: z.array(z.object({ title: z.string(), seconds: z.number() })).min(1),
});
export type StoryRecord = z.infer<typeof record>;

/** The record of a story's last success; undefined when there is none. */
export async function readRecord(story: Story): Promise<StoryRecord | undefined> {
  const text = await readFile(recordPath(story), "utf8").catch(() => undefined);
  return text === undefined ? undefined : record.parse(JSON.parse(text));
}

/** Keeps a success. */
export async function writeRecord(story: Story, success: StoryRecord): Promise<void> {
  await mkdir(dirname(recordPath(story)), { recursive: true });
  await writeFile(recordPath(story), `${JSON.stringify(success, null, 2)}\n`);
}

/** One figure for the story and all sources that it is about, so that a record of other ones is not believed. */
export async function digestOf({ file, about }: Story): Promise<string> {
  const hash = createHash("sha256");
  for (const path of (await Promise.all([file, ...about].map(filesIn))).flat()) {
    hash.update(`${path}\n`).update(await readFile(join(projectDir, path)));
  }
  return hash.digest("hex");
}

/** The versions of what was real in the lab. */
export async function versions(): Promise<Record<string, string>> {
  const goMod = await readFile(join(projectDir, "lab/go.mod"), "utf8");
  const module = (path: string) => new RegExp(`\\b${path} v(\\S+)`).exec(goMod)?.[1] ?? "unknown";
  const [pve8, pve9] = await Promise.all([corosyncIn("pve8"), corosyncIn("pve9")]);
  return {
    bun: Bun.version,
    tailscale: module("tailscale\\.com"),
    headscale: module("github\\.com/juanfont/headscale"),
    "corosync (bookworm)": pve8,
    "corosync (trixie)": pve9,
  };
}

async function corosyncIn(release: "pve8" | "pve9"): Promise<string> {
  const debian = (await ensureImage(release)).at(-1) ?? "";
  const database = `--admindir=${join(debian, "var/lib/dpkg")}`;
  const said = await runOk(["dpkg-query", database, "--status", "corosync"]);
  return /^Version: (.+)$/m.exec(said)?.[1] ?? "unknown";
}

async function filesIn(path: string): Promise<string[]> {
  if (!(await stat(join(projectDir, path))).isDirectory()) return [path];
  const names = (await readdir(join(projectDir, path))).sort();
  return (await Promise.all(names.map((name) => filesIn(join(path, name))))).flat();
}

function recordPath({ file }: Story): string {
  return join(projectDir, "docs/evidence/up", `${basename(file, ".test.ts")}.json`);
}
