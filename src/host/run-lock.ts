import { dlopen } from "bun:ffi";
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../errors.ts";

/**
 * Keeps two runs of tailmox on one host apart. The kernel lets go of it with this process, however that ends.
 * Gives the function that lets go earlier. Throws E_RUN_LOCKED with the process id of the other.
 */
export function lockRun(path = RUN_LOCK): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "a+", 0o600);
  if (!tryLock(file)) {
    const pid = readFileSync(path, "utf8").trim();
    closeSync(file);
    throw new UserError("E_RUN_LOCKED", `another tailmox (process ${pid || "unknown"}) changes this host`, {
      likely: "it was started in another terminal, which may be closed by now, and has not ended",
      mend: `tailmox attach shows what it does; wait for it, or end it after its step: kill ${pid}`,
    });
  }
  ftruncateSync(file);
  writeSync(file, `${process.pid}\n`);
  return () => closeSync(file);
}

const RUN_LOCK = "/run/tailmox/run.lock";

/** flock(2): neither Node nor Bun offers it. Not handed down to children: the descriptor is close-on-exec. */
function tryLock(file: number): boolean {
  const { symbols } = dlopen("libc.so.6", { flock: { args: ["int", "int"], returns: "int" } });
  return symbols.flock(file, LOCK_EX | LOCK_NB) === 0;
}

const LOCK_EX = 2;
const LOCK_NB = 4;
