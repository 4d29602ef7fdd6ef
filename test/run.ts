import { join } from "node:path";
import { execa } from "execa";
import { missingForLab } from "../lab/machines/preflight.ts";
import { projectDir } from "../lab/paths.ts";
import { progressOnStderr } from "../lab/progress.ts";
import { ensureSetup } from "../lab/setup/setup.ts";

/** What is tested, in order: quick things first, so that a slip shows early. */
const GROUPS = ["static", "unit", "contract", "standin", "lab", "e2e"] as const;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * `npm test`: sets up what the tests need, runs them group by group, and closes with the one line that counts.
 * `npm test -- unit lab` runs only these groups; `--fail-on-skip` makes a skipped test a failure.
 */
const args = process.argv.slice(2);
const chosen = GROUPS.filter((group) => args.includes(group));
const groups = chosen.length > 0 ? chosen : GROUPS;
const missing = await missingForLab();

if (missing.length > 0) {
  console.error(`\n!!  No lab on this machine: ${missing.join("; ")}.`);
  console.error("!!  Every test that needs one is SKIPPED. What passes below proves only the rest.\n");
} else {
  await ensureSetup(progressOnStderr(), [{ release: "pve8" }, { release: "pve9" }]);
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const group of groups) {
  console.log(`\n== ${group}`);
  const counts = await testGroup(group);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || (total.skipped > 0 && args.includes("--fail-on-skip")) ? 1 : 0;

/** Runs `bun test` over one folder; what cannot be counted (a crash, no test at all) counts as a failure. */
async function testGroup(group: string): Promise<Counts> {
  const result = await execa(process.execPath, ["test", "--timeout", "300000", `./test/${group}/`], {
    cwd: projectDir,
    env: { TAILMOX_NO_LAB: missing.length > 0 ? "1" : "", TMPDIR: "/tmp", FORCE_COLOR: "0" },
    stdout: ["inherit", "pipe"],
    stderr: ["inherit", "pipe"],
    reject: false,
    timeout: 25 * 60_000,
  });
  const count = (word: string) =>
    Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(result.stderr)?.[1] ?? 0);
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
