import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "../../src/host/run.ts";
import { goBuild } from "../go-build.ts";
import { binDir, cacheDir, projectDir } from "../paths.ts";

/** The programs of the stand-in, as files of this machine. */
export interface StandIn {
  /** Plays pvecm, pvesh, pvenode, pveversion, pveproxy, pvedaemon, pvestatd by the name it is called. */
  readonly executable: string;
  /** The cluster file system. */
  readonly pmxcfs: string;
}

/**
 * Builds both programs into .cache/bin unless they are there and their sources unchanged
 * (first time about 1 min, later 50 ms). Throws E_COMMAND_FAILED with the compiler's words.
 */
export function ensureStandIn(progress: (line: string) => void = () => undefined): Promise<StandIn> {
  underWay ??= build(progress);
  return underWay;
}

/** Two callers at once in one process share one build. */
let underWay: Promise<StandIn> | undefined;

async function build(progress: (line: string) => void): Promise<StandIn> {
  await mkdir(binDir, { recursive: true });
  const [executable, pmxcfs] = await Promise.all([
    ensureBuilt("lab-pve", await sources("lab/pve", ".ts", SHARED), progress, compileExecutable),
    ensureBuilt(
      "pmxcfs",
      await sources("lab/pve/pmxcfs", "", ["lab/go.mod", "lab/go.sum"]),
      progress,
      compilePmxcfs,
    ),
  ]);
  return { executable, pmxcfs };
}

/** What the executable is made of beside lab/pve. */
const SHARED = ["src/host/run.ts", "src/errors.ts", "test/data/pve-api-9.1.json", "package-lock.json"];

async function ensureBuilt(
  name: string,
  digest: string,
  progress: (line: string) => void,
  compile: (output: string) => Promise<void>,
): Promise<string> {
  const target = join(binDir, name);
  const stamp = join(cacheDir, `built-${name}`);
  const built = await readFile(stamp, "utf8").catch(() => "");
  if (built === digest && (await Bun.file(target).exists())) return target;
  progress(`building ${name}`);
  // Built aside and renamed: an interrupted build leaves nothing half, and a lab may run the old one.
  const aside = `${target}.${process.pid}`;
  try {
    await compile(aside);
    await rename(aside, target);
  } finally {
    await rm(aside, { force: true });
  }
  await writeFile(stamp, digest);
  return target;
}

async function compileExecutable(output: string): Promise<void> {
  const target = process.arch === "arm64" ? "bun-linux-arm64" : "bun-linux-x64-baseline";
  await runOk(
    [
      ...([process.execPath, "build", "--compile", `--target=${target}`] as const),
      ...["--minify", "--bytecode", "--format=esm", `--outfile=${output}`],
      join(projectDir, "lab/pve/main.ts"),
    ],
    { cwd: projectDir, timeoutMs: 300_000, env: { BUN_INSTALL_CACHE_DIR: join(cacheDir, "bun") } },
  );
}

async function compilePmxcfs(output: string): Promise<void> {
  // corosync's client libraries are C.
  await goBuild(["-o", output, "./pve/pmxcfs"], { cgo: true });
}

async function sources(folder: string, suffix: string, more: readonly string[]): Promise<string> {
  const entries = await readdir(join(projectDir, folder), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix) && !entry.name.endsWith("_test.go"))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256").update(Bun.version).update(process.arch);
  for (const file of [...files.sort(), ...more.map((path) => join(projectDir, path))]) {
    hash.update(`\0${file}\0`).update(await readFile(file));
  }
  return hash.digest("hex");
}
