import { readFile, writeFile } from "node:fs/promises";
import type { LabPlan } from "../plan.ts";

const LIMIT = "/proc/sys/fs/inotify/max_user_instances";

/** Inotify instances that the systemd, journald, dbus and udev-less rest of a host take: 8 seen, with room. */
const PER_HOST = 24;

/**
 * Raises this machine's limit of inotify instances when the lab's hosts could exceed it: they all run as the
 * same root, and systemd without inotify fails in ways that nobody understands. Says so.
 */
export async function requireInotify(plan: LabPlan, progress: (line: string) => void): Promise<void> {
  const now = Number(await readFile(LIMIT, "utf8"));
  const wanted = 128 + PER_HOST * Math.max(plan.hosts.length, 8);
  if (now >= wanted) return;
  await writeFile(LIMIT, `${wanted}\n`);
  progress(`fs.inotify.max_user_instances of this machine raised from ${now} to ${wanted}`);
}
