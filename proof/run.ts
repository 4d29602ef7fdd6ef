import { mkdir, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { projectDir } from "../lab/paths.ts";
import { progressOnStderr } from "../lab/progress.ts";
import { ensureSetup } from "../lab/setup/setup.ts";
import { run } from "../src/host/run.ts";
import { drawFigure } from "./figures/draw.ts";

/**
 * A proof that takes too long for `npm test`: runs for minutes, throws when it fails, gives what it measured.
 * One that keeps records of its own gives nothing.
 */
export interface Proof {
  readonly summary: string;
  readonly prove: (say: (line: string) => void, args: readonly string[]) => Promise<Measured | undefined>;
}

/** `broken`: what was claimed and does not hold. The proof fails then, and its evidence is written all the same. */
export interface Measured {
  readonly broken?: readonly string[];
  readonly [figure: string]: unknown;
}

const PROOFS: Readonly<Record<string, () => Promise<Proof>>> = {
  boot: async () => (await import("./boot.ts")).default,
  ring: async () => (await import("./ring/proof.ts")).default,
  "stability-loss": async () => (await import("./stability/loss-proof.ts")).default,
  "stability-outages": async () => (await import("./stability/outages-proof.ts")).default,
  "stability-bursts": async () => (await import("./stability/bursts-proof.ts")).default,
  "stability-endings": async () => (await import("./stability/endings-proof.ts")).default,
  filesystem: async () => (await import("./filesystem.ts")).default,
  "five-at-once": async () => (await import("./five-at-once.ts")).default,
  "join-guard": async () => (await import("./join-guard.ts")).default,
  tailscaled: async () => (await import("./tailscaled.ts")).default,
  testbed: async () => (await import("./testbed.ts")).default,
  tune: async () => (await import("./tune.ts")).default,
  up: async () => (await import("./up.ts")).default,
};

/** Proofs that are run one after the other under one name. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  stability: ["stability-loss", "stability-outages", "stability-bursts", "stability-endings"],
};

const [name = "", ...args] = process.argv.slice(2);
const wanted = GROUPS[name] ?? [name];
if (!wanted.every((each) => PROOFS[each])) {
  const names = [...Object.keys(PROOFS), ...Object.keys(GROUPS)].join(", ");
  console.error(`Usage: npm run proof -- NAME\nNames: ${names}`);
  process.exit(2);
}
const progress = progressOnStderr();
await ensureSetup(progress, [{ release: "pve8" }, { release: "pve9" }]);
for (const each of wanted) await proveAndKeep(each);

/** Runs one proof and writes what it measured to docs/evidence; the exit status tells of one that does not hold. */
async function proveAndKeep(which: string): Promise<void> {
  const proof = await PROOFS[which]?.();
  if (!proof) return;
  console.error(`${which}: ${proof.summary}`);
  const began = new Date();
  const measured = await proof.prove(progress.note, args);
  if (!measured) {
    console.log(`${which} holds.`);
    return;
  }
  const evidence = {
    name: which,
    summary: proof.summary,
    date: began.toISOString(),
    ...(await circumstances()),
    measured,
  };
  const file = join(projectDir, "docs/evidence", `${which}.json`);
  await mkdir(join(projectDir, "docs/evidence"), { recursive: true });
  await writeFile(file, `${JSON.stringify(evidence, null, 2)}\n`);
  await drawFigure(which);
  const broken = measured.broken ?? [];
  for (const claim of broken) console.error(`!!  does not hold: ${claim}`);
  console.log(`${which} ${broken.length > 0 ? "fails" : "holds"}. Written: docs/evidence/${which}.json`);
  if (broken.length > 0) process.exitCode = 1;
}

/** What the figures were measured on: without it they say nothing. */
async function circumstances() {
  const commit = await run(["git", "-C", projectDir, "rev-parse", "--short", "HEAD"]);
  return {
    commit: commit.stdout.trim(),
    machine: { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release() },
    bun: Bun.version,
  };
}
