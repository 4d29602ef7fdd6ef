import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { goBuild, labModule } from "../go-build.ts";
import { binDir, cacheDir } from "../paths.ts";
import { withScratch } from "./scratch.ts";

/** Paths of the Go programs that the lab's tailnet is made of. */
export type TailnetPrograms = Readonly<Record<keyof typeof PACKAGES, string>>;

/**
 * Builds the programs from the pinned lab/go.mod into .cache/bin, unless they are there and nothing
 * that goes into them has changed. Throws E_LAB_NO_GO, E_LAB_GO_DOWNLOAD or E_LAB_GO_BUILD.
 */
export function ensurePrograms(progress: (line: string) => void = () => {}): Promise<TailnetPrograms> {
  underWay ??= build(progress).finally(() => {
    underWay = undefined;
  });
  return underWay;
}

/** Callers at once in one process share one build. */
let underWay: Promise<TailnetPrograms> | undefined;

async function build(progress: (line: string) => void): Promise<TailnetPrograms> {
  const programs = programPaths();
  const digest = await sourceDigest();
  if ((await readFile(stampFile, "utf8").catch(() => "")) === digest && (await allExist(programs))) {
    return programs;
  }
  progress(
    "building headscale, tailscale, pebble and the test control server (usually 15 s, 5 min the first time)",
  );
  await mkdir(binDir, { recursive: true });
  await withScratch(join(cacheDir, "tailnet-build"), async (scratch) => {
    await goBuild(["-ldflags", await linkerFlags(), "-o", `${scratch}/`, ...Object.values(PACKAGES)]);
    // A running program keeps its old file: rename replaces the name only.
    for (const name of Object.keys(PACKAGES)) await rename(join(scratch, name), join(binDir, name));
  });
  await writeFile(stampFile, digest);
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

/** Program name and the Go package it is built from; all are pinned by lab/go.mod. */
const PACKAGES = {
  headscale: "github.com/juanfont/headscale/cmd/headscale",
  tailscale: "tailscale.com/cmd/tailscale",
  tailscaled: "tailscale.com/cmd/tailscaled",
  pebble: "github.com/letsencrypt/pebble/v2/cmd/pebble",
  testcontrol: "./tailnet/testcontrol",
} as const;

const stampFile = join(binDir, ".tailnet-digest");

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
