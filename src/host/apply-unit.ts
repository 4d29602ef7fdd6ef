import { readFile } from "node:fs/promises";
import { poll } from "./deadline.ts";
import { run } from "./run.ts";

/** The scope that a changing run moves itself into: one for each run of tailmox. */
export const APPLY_UNIT = `tailmox-apply-${process.pid}.scope`;

/**
 * Moves this process out of the login session, or the service of the web shell, that it was started in: systemd
 * ends those with every process in them. What it starts from now on is in the scope, too. Gives the reason, in
 * words, when it stays where it is; undefined when it moved. Source: org.freedesktop.systemd1(5), StartTransientUnit.
 */
export async function leaveSession(): Promise<string | undefined> {
  const { exitCode, stderr } = await run(["busctl", "call", ...MANAGER, "StartTransientUnit", ...CALL], {
    timeoutMs: 10_000,
  });
  if (exitCode !== 0) return stderr.trim().split("\n").at(-1) || "systemd gave no reason";
  const moved = await poll(5_000, 50, async () => ((await isInside()) ? true : undefined));
  return moved ? undefined : `systemd did not start ${APPLY_UNIT} in 5 s`;
}

async function isInside(): Promise<boolean> {
  const text = await readFile("/proc/self/cgroup", "utf8").catch(() => "");
  return text.includes(`/${APPLY_UNIT}`);
}

const MANAGER = [
  "org.freedesktop.systemd1",
  "/org/freedesktop/systemd1",
  "org.freedesktop.systemd1.Manager",
] as const;

const PROPERTIES: readonly (readonly [string, ...string[]])[] = [
  ["PIDs", "au", "1", String(process.pid)],
  ["Description", "s", "tailmox changes this host (tailmox attach)"],
  ["Slice", "s", "system.slice"],
  // Long enough for most steps to end; the guard does not wait for more.
  ["TimeoutStopUSec", "t", "10000000"],
  ["CollectMode", "s", "inactive-or-failed"],
];

const CALL = [
  "ssa(sv)a(sa(sv))",
  APPLY_UNIT,
  "fail",
  String(PROPERTIES.length),
  ...PROPERTIES.flat(),
  "0",
] as const;
