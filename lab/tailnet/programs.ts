import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";
import { type RunResult, run } from "../../src/host/run.ts";
import { binDir, cacheDir, projectDir } from "../paths.ts";

/** Paths of the Go programs that the lab's tailnet is made of. */
export type TailnetPrograms = Readonly<Record<keyof typeof PACKAGES, string>>;

/**
 * Builds the programs from the pinned lab/go.mod into .cache/bin, unless they are there and nothing
 * that goes into them has changed. Throws E_LAB_NO_GO, E_LAB_GO_DOWNLOAD or E_LAB_GO_BUILD.
 */
export async function ensurePrograms(progress: (line: string) => void = () => {}): Promise<TailnetPrograms> {
  const programs = programPaths();
  const digest = await sourceDigest();
  if ((await readFile(stampFile, "utf8").catch(() => "")) === digest && (await allExist(programs))) {
    return programs;
  }
  await requireGo();
  progress(
    "building headscale, tailscale, pebble and the test control server (usually 10 s, 5 min the first time)",
  );
  await mkdir(binDir, { recursive: true });
  const scratch = await mkdtemp(join(cacheDir, "build-"));
  try {
    const built = await run(
      [
        "go",
        "build",
        "-trimpath",
        "-ldflags",
        await linkerFlags(),
        "-o",
        `${scratch}/`,
        ...Object.values(PACKAGES),
      ],
      { cwd: labModule, env: goEnvironment, timeoutMs: 30 * 60_000 },
    );
    if (built.exitCode !== 0) throw buildError(built);
    // A running program keeps its old file: rename replaces the name only.
    for (const name of Object.keys(PACKAGES)) await rename(join(scratch, name), join(binDir, name));
    await writeFile(stampFile, digest);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return programs;
}

/** The version of tailscale that lab/go.mod pins, "1.102.3" say. */
export async function tailscaleVersion(): Promise<string> {
  return moduleVersion(await readFile(join(labModule, "go.mod"), "utf8"), "tailscale.com");
}

/** The version, without its v, that the text of a go.mod requires of a module. */
export function moduleVersion(goMod: string, module: string): string {
  const line = goMod.split("\n").find((each) =>
    each
      .trim()
      .replace(/^require /, "")
      .startsWith(`${module} v`),
  );
  const version = line?.match(/ v(\S+)/)?.[1];
  if (version === undefined) throw new Error(`lab/go.mod does not require ${module}`);
  return version;
}

/** The oldest Go that a go.mod allows: its `go` line. */
export function requiredGo(goMod: string): string {
  const version = goMod.match(/^go (\S+)$/m)?.[1];
  if (version === undefined) throw new Error("lab/go.mod has no go line");
  return version;
}

/** Whether `go version`'s answer, "go version go1.26.8 linux/amd64", is at least `required`. */
export function goIsNewEnough(answer: string, required: string): boolean {
  const have = answer
    .match(/go(\d+)\.(\d+)(?:\.(\d+))?/)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  const need = required.split(".").map(Number);
  if (have === undefined) return false;
  for (let index = 0; index < 3; index++) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Program name and the Go package it is built from; all are pinned by lab/go.mod. */
const PACKAGES = {
  headscale: "github.com/juanfont/headscale/cmd/headscale",
  tailscale: "tailscale.com/cmd/tailscale",
  tailscaled: "tailscale.com/cmd/tailscaled",
  pebble: "github.com/letsencrypt/pebble/v2/cmd/pebble",
  testcontrol: "./tailnet/testcontrol",
} as const;

const labModule = join(projectDir, "lab");
const stampFile = join(binDir, ".tailnet-digest");

/** Everything stays under .cache; GOTOOLCHAIN=local, or an old Go would download another. */
const goEnvironment = {
  CGO_ENABLED: "0",
  GOMODCACHE: join(cacheDir, "go", "mod"),
  GOCACHE: join(cacheDir, "go", "build"),
  GOFLAGS: "-modcacherw",
  GOTOOLCHAIN: "local",
};

function programPaths(): TailnetPrograms {
  return {
    headscale: join(binDir, "headscale"),
    tailscale: join(binDir, "tailscale"),
    tailscaled: join(binDir, "tailscaled"),
    pebble: join(binDir, "pebble"),
    testcontrol: join(binDir, "testcontrol"),
  };
}

async function allExist(programs: TailnetPrograms): Promise<boolean> {
  const found = await Promise.all(Object.values(programs).map((path) => stat(path).catch(() => undefined)));
  return found.every((each) => each?.isFile());
}

async function sourceDigest(): Promise<string> {
  const sources = join(labModule, "tailnet", "testcontrol");
  const files = (await readdir(sources)).filter((name) => name.endsWith(".go")).sort();
  const hash = createHash("sha256").update(await linkerFlags());
  for (const path of ["go.mod", "go.sum"].map((name) => join(labModule, name)))
    hash.update(await readFile(path));
  for (const name of files) hash.update(`\0${name}\0`).update(await readFile(join(sources, name)));
  return hash.digest("hex");
}

/** Without the stamps tailscale calls itself 1.102.3-ERR-BuildInfo (tailscale.md 10.1). */
async function linkerFlags(): Promise<string> {
  const version = await tailscaleVersion();
  const stamp = (name: string) => `-X tailscale.com/version.${name}=${version}`;
  return `-s -w ${stamp("longStamp")} ${stamp("shortStamp")}`;
}

async function requireGo(): Promise<void> {
  const required = requiredGo(await readFile(join(labModule, "go.mod"), "utf8"));
  const asked = await run(["go", "version"], { env: { GOTOOLCHAIN: "local" } });
  if (asked.exitCode === 0 && goIsNewEnough(asked.stdout, required)) return;
  const have = asked.exitCode === 0 ? asked.stdout.trim() : "no program named go in PATH";
  throw new UserError("E_LAB_NO_GO", `the lab needs Go ${required} or newer; found: ${have}`, {
    likely: "Debian's own Go is older than what tailscale and headscale need",
    mend: `install Go ${required} or newer from https://go.dev/dl/ and put its bin directory in PATH`,
  });
}

function buildError(built: RunResult): UserError {
  const words = built.stderr.trim().split("\n").slice(-6).join("\n");
  if (/dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|50[0-9] /.test(built.stderr)) {
    return new UserError("E_LAB_GO_DOWNLOAD", "Go could not download the modules of lab/go.mod", {
      likely: `the module proxy cannot be reached from here:\n${words}`,
      mend: "try again with a network, or set GOPROXY to a proxy that this machine reaches",
    });
  }
  const why = built.timedOut ? "the build took more than 30 minutes" : words;
  return new UserError("E_LAB_GO_BUILD", "the lab's Go programs could not be built", {
    likely: why,
    mend: "read the compiler's words above; `df -h` tells whether the disk is full",
  });
}
