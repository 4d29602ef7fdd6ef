import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "./src/host/run.ts";

/** Writes dist/: both executables and their SHA256SUMS. Prints what it wrote. */
async function buildAll(): Promise<void> {
  for (const arch of allArches) {
    const started = performance.now();
    await compile(arch);
    console.log(`${target(arch)}  ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  await writeSums();
}

/**
 * The executable for this machine's processor, built only when a source file changed since the last time.
 * Gives its path under dist/.
 */
export function ensureExecutable(): Promise<string> {
  underWay ??= compileIfStale();
  return underWay;
}

/** Two callers at once in one process share one build. */
let underWay: Promise<string> | undefined;

async function compileIfStale(): Promise<string> {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const stamp = join(cache, `built-${arch}`);
  const digest = await sourcesDigest();
  const built = await readFile(stamp, "utf8").catch(() => "");
  if (built !== digest || !(await Bun.file(target(arch)).exists())) {
    await compile(arch);
    await mkdir(cache, { recursive: true });
    await writeFile(stamp, digest);
  }
  return target(arch);
}

const project = import.meta.dir;
const cache = join(project, ".cache");
const dist = join(project, "dist");

const SUMS = "SHA256SUMS";

/** Baseline: many a home server's processor has no AVX2. */
const ARCHES = { x64: "bun-linux-x64-baseline", arm64: "bun-linux-arm64" } as const;
type Arch = keyof typeof ARCHES;
const allArches: readonly Arch[] = ["x64", "arm64"];

function target(arch: Arch): string {
  return join(dist, `tailmox-linux-${arch}`);
}

async function compile(arch: Arch): Promise<void> {
  await mkdir(dist, { recursive: true });
  // A build that is interrupted leaves no half executable under the real name.
  const unfinished = `${target(arch)}.${process.pid}`;
  try {
    await runOk(
      [
        process.execPath,
        "build",
        "--compile",
        `--target=${ARCHES[arch]}`,
        "--minify",
        // Bytecode halves the start: the parser has nothing left to do (docs/decisions/executable.md).
        "--bytecode",
        "--format=esm",
        `--outfile=${unfinished}`,
        join(project, "src/cli/main.ts"),
      ],
      { cwd: project, timeoutMs: 300_000, env: { BUN_INSTALL_CACHE_DIR: join(cache, "bun") } },
    );
    // Sums of the executable that was there before are no longer true.
    await rm(join(dist, SUMS), { force: true });
    await rename(unfinished, target(arch));
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeSums(): Promise<void> {
  const lines = await Promise.all(
    allArches.map(async (arch) => {
      const digest = createHash("sha256")
        .update(await readFile(target(arch)))
        .digest("hex");
      return `${digest}  tailmox-linux-${arch}\n`;
    }),
  );
  await writeFile(join(dist, SUMS), lines.join(""));
}

async function sourcesDigest(): Promise<string> {
  const files = (await readdir(join(project, "src"), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256").update(Bun.version);
  for (const file of [...files.sort(), join(project, "package-lock.json"), join(project, "build.ts")]) {
    hash.update(`\0${file}\0`).update(await readFile(file));
  }
  return hash.digest("hex");
}

if (import.meta.main) await buildAll();
