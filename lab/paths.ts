import { join, resolve } from "node:path";

/** The checkout. */
export const projectDir = resolve(import.meta.dir, "..");

/** Everything that set-up downloads or builds, and the state of every lab; git-ignored. */
export const cacheDir = join(projectDir, ".cache");

/** Programs built for the lab: headscale, tailscale, tailscaled, pebble, pmxcfs, ... */
export const binDir = join(cacheDir, "bin");

/** The state of one lab: plan, disks, logs, sockets, process ids. */
export function labDir(name: string): string {
  return join(cacheDir, "labs", name);
}
