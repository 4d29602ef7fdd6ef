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
  tune: async () => (await import("./tune.ts")).default,
  up: async () => (await import("./up.ts")).default,
};

const [name = "", ...args] = process.argv.slice(2);
const load = PROOFS[name];
if (!load) {
  console.error(`Usage: npm run proof -- NAME\nNames: ${Object.keys(PROOFS).join(", ")}`);
  process.exit(2);
}
const proof = await load();
console.error(`${name}: ${proof.summary}`);
const progress = progressOnStderr();
await ensureSetup(progress, [{ release: "pve8" }, { release: "pve9" }]);
const began = new Date();
const measured = await proof.prove(progress.note, args);
if (!measured) {
  console.log(`${name} holds.`);
  process.exit(0);
}
const evidence = {
  name,
  summary: proof.summary,
  date: began.toISOString(),
  ...(await circumstances()),
  measured,
};
const file = join(projectDir, "docs/evidence", `${name}.json`);
await mkdir(join(projectDir, "docs/evidence"), { recursive: true });
await writeFile(file, `${JSON.stringify(evidence, null, 2)}\n`);
await drawFigure(name);
const broken = measured.broken ?? [];
for (const claim of broken) console.error(`!!  does not hold: ${claim}`);
console.log(`${name} ${broken.length > 0 ? "fails" : "holds"}. Written: docs/evidence/${name}.json`);
process.exitCode = broken.length > 0 ? 1 : 0;

/** What the figures were measured on: without it they say nothing. */
async function circumstances() {
  const commit = await run(["git", "-C", projectDir, "rev-parse", "--short", "HEAD"]);
  return {
    commit: commit.stdout.trim(),
    machine: { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release() },
    bun: Bun.version,
  };
}
