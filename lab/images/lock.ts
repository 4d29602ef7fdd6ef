import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../src/errors.ts";

/**
 * Does `work` while no other process holds the lock `file`. The kernel keeps the lock (flock), so that it is
 * free again when its holder dies, however it dies. Says through `progress` when it has to wait.
 * Throws E_LAB_BUSY after `timeoutMs` (default 20 min, longer than an image takes on a slow line).
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  progress: (line: string) => void = () => undefined,
  timeoutMs = 20 * 60_000,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  // cat answers what it is told as soon as flock has the lock and has started it, and ends with our pipe.
  const holder = spawn("flock", [file, "cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const held = once(holder.stdout, "data");
  const gone = once(holder, "exit").then(() => Promise.reject(new Error("flock ended early")));
  gone.catch(() => undefined);
  const waiting = setTimeout(() => progress(`waiting for another lab that holds ${file}`), 1_000);
  const deadline = setTimeout(() => holder.kill(), timeoutMs);
  try {
    holder.stdin.write("\n");
    await Promise.race([held, gone]).catch((cause: unknown) => {
      throw new UserError("E_LAB_BUSY", `${file} was held by another lab for too long`, {
        likely: "another lab builds the same thing, or hangs doing so",
        mend: `look who holds it: fuser -v ${file}`,
        cause,
      });
    });
    clearTimeout(waiting);
    clearTimeout(deadline);
    return await work();
  } finally {
    clearTimeout(waiting);
    clearTimeout(deadline);
    const ended = holder.exitCode === null && holder.signalCode === null ? once(holder, "exit") : undefined;
    holder.stdin.end();
    await ended;
  }
}
