import type { Stage } from "./stage.ts";

/**
 * Every file and folder of a host with mode, owner, size and time of its last change. Left out is what changes by
 * itself: journals, and the states of tailscaled, systemd's timers and pmxcfs; the last is compared by content.
 */
export async function everyFile(
  stage: Stage,
  host: string,
  { besides = [] }: { readonly besides?: readonly string[] } = {},
): Promise<string> {
  const prune = [...SELF_MOVING, ...STATES, ...besides].map((path) => `-path ${path}`).join(" -o ");
  const listed = await stage.sh(
    host,
    `find / \\( ${prune} \\) -prune -o -printf '%y %m %U:%G %s %T@ %p %l\\n' | sort -k 6`,
  );
  return `${listed}${await stage.files(host)}`;
}

const SELF_MOVING = [
  "/run",
  "/proc",
  "/sys",
  "/dev",
  "/tmp",
  // A question to timedated starts it, and systemd gives it a folder of its own there.
  "/var/tmp",
  "/etc/pve",
  "/var/log/journal",
  "/var/log/pveproxy",
];
const STATES = [
  "/var/lib/tailscale",
  "/var/lib/systemd",
  "/var/lib/pve-cluster",
  "/var/log/pve",
  "/var/lib/rrdcached",
];
