import { readFile, writeFile } from "node:fs/promises";
import type { LabPlan } from "../plan.ts";
import { findCgroups } from "./cgroup.ts";

const LIMIT = "/proc/sys/fs/inotify/max_user_instances";

/** Instances that a host's systemd, dbus, logind and tailscaled hold (7 counted), and those of the rest of root. */
const PER_HOST = 10;
const REST = 64;

/**
 * Raises this machine's limit of inotify instances when the hosts of all labs could exceed it: they are all the
 * same root to the kernel, and a systemd without inotify fails in ways that nobody understands. Says so.
 */
export async function requireInotify(plan: LabPlan, progress: (line: string) => void): Promise<void> {
  const now = Number(await readFile(LIMIT, "utf8"));
  const running = await findCgroups((name) => name.startsWith("tmx-"));
  const wanted = REST + PER_HOST * (running.length + plan.hosts.length);
  if (now >= wanted) return;
  await writeFile(LIMIT, `${2 * wanted}\n`);
  progress(`fs.inotify.max_user_instances of this machine raised from ${now} to ${2 * wanted}`);
}
