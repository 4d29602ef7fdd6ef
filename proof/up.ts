import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cacheDir, projectDir } from "../lab/paths.ts";
import { run } from "../src/host/run.ts";
import type { Proof } from "./run.ts";
import { digestOf, readRecord, versions, writeRecord } from "./up/record.ts";
import { STORIES, type Story } from "./up/stories.ts";

const proof: Proof = {
  summary:
    "every story of tailmox up; FILE... tells only these, --stale those that changed since they were told",
  async prove(say, args) {
    const failed: string[] = [];
    for (const story of await chosen(args)) {
      say(`..      ${story.file}`);
      const failure = await tell(story, say);
      say(`${failure === undefined ? "holds " : "FAILED"}  ${story.file}`);
      if (failure !== undefined) failed.push(`${story.file}\n${failure}`);
    }
    if (failed.length > 0) throw new Error(failed.join("\n\n"));
    return undefined;
  },
};

export default proof;

async function chosen(args: readonly string[]): Promise<Story[]> {
  if (args[0] === "--stale") {
    const fresh = await Promise.all(
      STORIES.map(async (story) => (await readRecord(story))?.digest === (await digestOf(story))),
    );
    return STORIES.filter((_, index) => !fresh[index]);
  }
  const unknown = args.filter((arg) => !STORIES.some(({ file }) => file === arg));
  if (unknown.length > 0) throw new Error(`no such story: ${unknown.join(", ")} (see proof/up/stories.ts)`);
  return STORIES.filter(({ file }) => args.length === 0 || args.includes(file));
}

/** Runs one story and keeps its record; gives the words of its failure. The digest is taken before, as it ran. */
async function tell(story: Story, say: (line: string) => void): Promise<string | undefined> {
  const digest = await digestOf(story);
  const began = new Date();
  const argv = [process.execPath, "test", "--timeout", "400000", `./${story.file}`] as const;
  const env = { TMPDIR: "/tmp", FORCE_COLOR: "0" };
  const { exitCode, stdout, stderr } = await run(argv, { cwd: projectDir, env, timeoutMs: 90 * 60_000 });
  const cases = [...stderr.matchAll(/^\((pass|fail|skip)\) (.+?)(?: \[([\d.]+)ms\])?$/gm)].map(
    ([, verdict, title = "", ms]) => ({ verdict, title, seconds: Math.round(Number(ms ?? 0) / 100) / 10 }),
  );
  for (const { verdict, title, seconds } of cases) say(`  ${verdict}  ${title}  ${seconds} s`);
  const whole = cases.length > 0 && cases.every(({ verdict }) => verdict === "pass");
  if (exitCode !== 0 || !whole)
    return `${stderr.slice(-4_000)}\nAll of it: ${await keep(story, stdout + stderr)}`;
  await writeRecord(story, {
    file: story.file,
    date: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 1000),
    digest,
    versions: await versions(),
    cases: cases.map(({ title, seconds }) => ({ title, seconds })),
  });
  return undefined;
}

/** Where the output of a failed story is, for whoever looks for the reason. */
async function keep({ file }: Story, output: string): Promise<string> {
  const path = join(cacheDir, "stories", `${basename(file, ".test.ts")}.log`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, output);
  return path;
}
