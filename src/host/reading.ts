import { UserError } from "../errors.ts";
import type { Argv } from "./host.ts";
import { UDP_ECHO } from "./udp-echo.ts";

/**
 * Throws E_INTERNAL unless the command is one of those that only look. This list is what makes a dry run
 * honest: a command that is not on it can be run only by way of `Host.change`, which a dry run closes.
 */
export function assertReading(argv: Argv): void {
  const listed = READING.some((words) => words.every((word, index) => argv[index] === word));
  if (listed) return;
  throw new UserError("E_INTERNAL", `"${argv.slice(0, 2).join(" ")}" was run as if it only looked`, {
    likely: "a fault in tailmox: it is not in the list of reading commands",
    mend: "please report this with the log",
  });
}

/** The first words of every command that changes nothing, whatever follows them. */
const READING: readonly Argv[] = [
  ["corosync-cmapctl", "-m", "stats"],
  ["corosync-cmapctl", "runtime."],
  ["corosync-quorumtool", "-s"],
  ["df", "--output=avail"],
  ["dpkg-query", "-W"],
  ["getent", "ahosts"],
  ["ip", "-json", "-6", "route", "show"],
  ["ip", "-json", "address", "show"],
  ["ip", "-json", "neigh", "show"],
  ["ip", "-json", "route", "get"],
  ["ip", "-json", "route", "show"],
  ["journalctl", "--no-pager"],
  ["ping", "-n"],
  ["pvecm", "nodes"],
  ["pvecm", "status"],
  ["pvesh", "get"],
  ["pveversion"],
  ["ssh-keyscan"],
  ["stat", "--dereference"],
  ["systemctl", "is-active"],
  ["systemctl", "show"],
  ["tailscale", "debug", "prefs"],
  ["tailscale", "ping"],
  ["tailscale", "serve", "status"],
  ["tailscale", "status"],
  ["tailscale", "version"],
  ["tailscale", "whois"],
  ["timedatectl", "show"],
  ["true"],
  ["uname", "-n"],
  ["uname", "-r"],
  ["who"],
  // The whole program: it answers echoes, and does nothing else.
  UDP_ECHO,
  ["xargs", "-P", "64", "-I", "{}", "ping", "-n"],
  ["xargs", "-P", "64", "-I", "{}", "tailscale", "ping"],
];
