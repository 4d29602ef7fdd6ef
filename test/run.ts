import { join } from "node:path";
import { execa } from "execa";
import { missingForLab } from "../lab/machines/preflight.ts";
import { projectDir } from "../lab/paths.ts";
import { progressOnStderr } from "../lab/progress.ts";
import { ensureSetup } from "../lab/setup/setup.ts";
import { e2eSample } from "./e2e-sample.ts";

/**
 * What is tested: one group after the other, quick ones first, so that a slip shows early; then the lanes side by
 * side, which mostly wait. What measures times of the emulated internet (lab) has the machine to itself.
 */
const SERIAL = ["static", "unit", "contract", "lab"] as const;
const LANES = [["standin", "cluster"], ["e2e"]] as const;

/** What of a failure is said again at the end. */
const LINES_OF_A_FAILURE = 40;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * `npm test`: sets up what the tests need, runs them group by group, and closes with the one line that counts.
 * `npm test -- unit lab` runs only these groups; `--fail-on-skip` makes a skipped test a failure, `--all` runs the
 * end-to-end tests beyond the sample.
 */
const args = process.argv.slice(2);
const all: readonly string[] = [...SERIAL, ...LANES.flat()];
const wanted = all.some((group) => args.includes(group)) ? args : all;
const missing = await missingForLab();

if (missing.length > 0) {
  console.error(`\n!!  No lab on this machine: ${missing.join("; ")}.`);
  console.error("!!  Every test that needs one is SKIPPED. What passes below proves only the rest.\n");
} else {
  await ensureSetup(progressOnStderr(), [{ release: "pve8" }, { release: "pve9" }]);
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
/** Each failure with what was printed before it: said again at the end, since of a long log often only that is kept. */
const failures: string[] = [];
await inTurn(SERIAL);
await Promise.all(LANES.map(inTurn));
if (failures.length > 0) console.log(`\n== what failed\n${failures.join("\n")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || (total.skipped > 0 && args.includes("--fail-on-skip")) ? 1 : 0;

async function inTurn(groups: readonly string[]): Promise<void> {
  for (const group of groups.filter((name) => wanted.includes(name))) {
    console.log(`\n== ${group}`);
    const { passed, failed, skipped } = await testGroup(group);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
}

/** `npm test -- e2e --all` tells every story; else those of the sample. */
async function sampled(): Promise<string[]> {
  if (args.includes("--all")) return ["./test/e2e/"];
  const { files, left, seed } = await e2eSample();
  console.log(`e2e | the sample of TAILMOX_SEED=${seed}; on their records rest:`);
  for (const file of left) console.log(`e2e |   ${file}`);
  return files.map((file) => `./${file}`);
}

/** Runs `bun test` over one folder; what cannot be counted (a crash, no test at all) counts as a failure. */
async function testGroup(group: string): Promise<Counts> {
  const paths = group === "e2e" ? await sampled() : [`./test/${group}/`];
  const running = execa(process.execPath, ["test", "--timeout", "300000", ...paths], {
    cwd: projectDir,
    env: { TAILMOX_NO_LAB: missing.length > 0 ? "1" : "", TMPDIR: "/tmp", FORCE_COLOR: "0" },
    all: true,
    reject: false,
    timeout: 25 * 60_000,
  });
  let sinceVerdict: string[] = [];
  for await (const line of running.iterable({ from: "all" })) {
    const said = `${group} | ${line}`;
    console.log(said);
    sinceVerdict.push(said);
    const verdict = /^\((pass|fail|skip)\)/.exec(line)?.[1];
    // bun's own list at the end names them once more, without the error.
    if (verdict === "fail" && !failures.includes(said))
      failures.push(...sinceVerdict.slice(-LINES_OF_A_FAILURE));
    if (verdict) sinceVerdict = [];
  }
  const result = await running;
  const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(result.all)?.[1] ?? 0);
  const counts = { passed: count("pass"), failed: count("fail"), skipped: count("skip") };
  const counted = counts.passed + counts.failed + counts.skipped > 0;
  if (!counted || (result.exitCode !== 0 && counts.failed === 0)) {
    console.error(
      `!!  ${join("test", group)} ended with ${result.exitCode ?? result.signal} and no failure named`,
    );
    counts.failed += 1;
  }
  return counts;
}
