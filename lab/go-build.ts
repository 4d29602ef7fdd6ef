import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../src/errors.ts";
import { type RunResult, run } from "../src/host/run.ts";
import { cacheDir, projectDir } from "./paths.ts";

/** The lab's one Go module: lab/go.mod pins all versions. */
export const labModule = join(projectDir, "lab");

/**
 * `go build -trimpath` with these arguments, in the lab's module, with all that Go keeps under .cache.
 * Throws E_LAB_NO_GO, E_LAB_GO_DOWNLOAD, E_LAB_GO_BUILD.
 */
export async function goBuild(
  argv: readonly string[],
  options: { readonly cgo?: boolean } = {},
): Promise<void> {
  await requireGo();
  // No stamp of the commit: under sudo git distrusts the user's checkout, and a commit changes no program.
  const built = await run(["go", "build", "-trimpath", "-buildvcs=false", ...argv], {
    cwd: labModule,
    env: { ...goEnvironment, CGO_ENABLED: options.cgo ? "1" : "0" },
    timeoutMs: 30 * 60_000,
  });
  if (built.exitCode !== 0) throw buildError(built);
}

/** Everything stays under .cache; GOTOOLCHAIN=local, or an old Go would download another. */
const goEnvironment = {
  GOMODCACHE: join(cacheDir, "go", "mod"),
  GOCACHE: join(cacheDir, "go", "build"),
  GOFLAGS: "-modcacherw",
  GOTOOLCHAIN: "local",
};

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

/** The error that says what went wrong in a build: the download of modules, or the build itself. */
export function buildError({ stderr, timedOut }: Pick<RunResult, "stderr" | "timedOut">): UserError {
  const words = stderr.trim().split("\n").slice(-6).join("\n");
  if (/dial tcp|connection refused|i\/o timeout|TLS handshake|GOPROXY=off|unexpected status/.test(stderr)) {
    return new UserError("E_LAB_GO_DOWNLOAD", "Go could not download the modules of lab/go.mod", {
      likely: `the module proxy cannot be reached from here:\n${words}`,
      mend: "try again with a network, or set GOPROXY to a proxy that this machine reaches",
    });
  }
  return new UserError("E_LAB_GO_BUILD", "the lab's Go programs could not be built", {
    likely: timedOut ? "the build took more than 30 minutes" : words,
    mend: "read the compiler's words above; `df -h` tells whether the disk is full",
  });
}
