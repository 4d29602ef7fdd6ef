import { readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../src/errors.ts";

/** Where cgroup v2 is mounted on this machine: alone, or beside v1. Throws E_LAB_NO_CGROUP. */
export async function unifiedCgroup(): Promise<string> {
  const found = (await cgroupMounts()).find(({ type }) => type === "cgroup2");
  if (found) return found.path;
  throw new UserError("E_LAB_NO_CGROUP", "cgroup v2 is not mounted on this machine", {
    likely: "an old or unusual set-up of cgroups; systemd in the hosts needs v2",
    mend: "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
  });
}

/** The cgroup of a host, named as its network namespace, which no other lab has. */
export async function cgroupOf(host: { readonly namespace: string }): Promise<string> {
  return join(await unifiedCgroup(), host.namespace);
}

/** SIGKILL to every process in a cgroup at once. Does nothing when it is not there. */
export async function killCgroup(cgroup: string): Promise<void> {
  await writeFile(join(cgroup, "cgroup.kill"), "1").catch(unlessAbsent);
}

/** Waits until no process is left in a cgroup. False after `timeoutMs`. */
export async function cgroupIsEmpty(cgroup: string, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await Bun.sleep(5)) {
    const events = await readFile(join(cgroup, "cgroup.events"), "utf8").catch(() => "populated 0");
    if (events.includes("populated 0")) return true;
  }
  return false;
}

/** Removes the cgroups of a host in every hierarchy (nspawn makes a v1 twin where v1 is mounted too). */
export async function removeCgroups(names: (name: string) => boolean): Promise<void> {
  for (const { path } of await cgroupMounts()) {
    for (const name of (await readdir(path)).filter(names)) await removeTree(join(path, name));
  }
}

/** The cgroup v2 directories of a lab that are there, found by name. */
export async function findCgroups(names: (name: string) => boolean): Promise<string[]> {
  const root = await unifiedCgroup();
  return (await readdir(root)).filter(names).map((name) => join(root, name));
}

async function cgroupMounts(): Promise<{ type: string; path: string }[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table.split("\n").flatMap((line) => {
    const type = / - (cgroup2?) /.exec(line)?.[1];
    const path = line.split(" ")[4];
    return type && path ? [{ type, path }] : [];
  });
}

/** Directories only, deepest first: the files in a cgroup are the kernel's and go with it. */
async function removeTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  await rmdir(path).catch(unlessAbsent);
}

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
