import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { goBuild } from "../../lab/go-build.ts";
import { binDir } from "../../lab/paths.ts";

/** The path of lab/cells, built once in the life of this process (Go itself knows what is stale; 1 s when nothing is). */
export function cellsProgram(): Promise<string> {
  built ??= build();
  return built;
}

let built: Promise<string> | undefined;

async function build(): Promise<string> {
  await mkdir(binDir, { recursive: true });
  const target = join(binDir, "cells");
  const aside = `${target}.${process.pid}`;
  // corosync's client libraries are C.
  await goBuild(["-o", aside, "./cells"], { cgo: true });
  await rename(aside, target);
  return target;
}
