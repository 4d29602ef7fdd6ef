import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Writer } from "../host/host.ts";
import { parseMembers } from "../proxmox/members.ts";
import type { Armed } from "./armed.ts";
import { DATABASE, digestPve } from "./copies.ts";

export interface Restored {
  /** Files of /etc/pve that are as they were. */
  readonly files: number;
  /** Files of /etc/pve that are not. */
  readonly differing: string[];
}

/**
 * Puts this host back to what it was before the join, from the copies; pvecm has ended. Ends corosync first, and
 * throws E_GUARD before it touches anything when that does not end. Can be repeated after any interruption.
 * Source of the steps: proxmox.md 4.5, measured.
 */
export async function restoreHost(writer: Writer, armed: Armed): Promise<Restored> {
  await endUnits(writer, ["pve-cluster", "corosync"]);
  await putBack(writer, armed);
  await must(writer, ["systemctl", "start", "pve-cluster"]);
  await untilMounted(writer, armed.node);
  const before = (await writer.text(`${armed.copies}/digests`)) ?? "";
  const restored = compare(before, await digestPve(writer));
  // sshd reads its old configuration, the web page presents its old certificate.
  await writer.run(["systemctl", "reload-or-restart", "ssh"], { timeoutMs: 30_000 });
  await writer.run(["systemctl", "try-restart", "pvedaemon", "pveproxy", "pvestatd"], { timeoutMs: 60_000 });
  await writer.run(["sync", "--file-system", "/etc/corosync", DATABASE, "/root/.ssh"], { timeoutMs: 60_000 });
  return restored;
}

/** Ends units with every process in them. Throws E_GUARD when one is still there. */
export async function endUnits(writer: Writer, units: readonly string[]): Promise<void> {
  await writer.run(["systemctl", "stop", ...units], { timeoutMs: 45_000 });
  for (const unit of units) {
    if (await isOff(writer, unit)) continue;
    await writer.run(["systemctl", "kill", "--signal=KILL", unit], { timeoutMs: 10_000 });
    const off = await poll(5_000, 500, async () => ((await isOff(writer, unit)) ? true : undefined));
    if (!off) throw failed(`${unit} does not end though it was killed`, "it waits inside the kernel");
  }
  await writer.run(["systemctl", "reset-failed", ...units], { timeoutMs: 10_000 });
}

async function isOff(writer: Writer, unit: string): Promise<boolean> {
  const { stdout } = await writer.run(["systemctl", "show", unit, "--property=ActiveState"], {
    timeoutMs: 10_000,
  });
  return /^ActiveState=(inactive|failed)$/m.test(stdout);
}

/** The database behind /etc/pve and all that was copied; pmxcfs and corosync are off. Throws E_GUARD. */
export async function putBack(
  writer: Writer,
  { copies, saved, absent }: Pick<Armed, "copies" | "saved" | "absent">,
): Promise<void> {
  const remains = ["/etc/corosync/authkey", "/etc/corosync/corosync.conf", ...absent];
  const rings = await ringState(writer);
  const database = ["", "-wal", "-shm"].map((suffix) => `${DATABASE}${suffix}`);
  await must(writer, ["rm", "-rf", "--", ...remains, ...rings, ...database]);
  await must(writer, ["install", "-m", "0600", `${copies}/config.db`, DATABASE]);
  for (const path of saved) {
    // -T: a folder's files go into the folder that is there; a link is replaced and not followed.
    const from = `${copies}/files${path}`;
    await must(writer, ["cp", "-a", "--remove-destination", "-T", "--", from, path]);
  }
}

/** What corosync remembers of its rings. */
export async function ringState(writer: Writer): Promise<string[]> {
  return (await writer.list("/var/lib/corosync")).map((name) => `/var/lib/corosync/${name}`);
}

async function untilMounted(writer: Writer, node: string): Promise<void> {
  const mounted = await poll(30_000, 300, async () => {
    const text = await writer.text("/etc/pve/.members").catch(() => undefined);
    const members = text === undefined ? undefined : parseMembers(text);
    return members && !members.cluster ? true : undefined;
  });
  if (!mounted) throw failed(`/etc/pve of ${node} did not come back`, "journalctl -u pve-cluster says why");
}

/** Which files are as they were, by two lists of sha256sum. */
export function compare(before: string, after: string): Restored {
  const [old, now] = [before, after].map(
    (text) =>
      new Map(
        text
          .split("\n")
          .filter(Boolean)
          .map((line) => [line.slice(66), line.slice(0, 64)]),
      ),
  );
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  const differing = [...names].filter((name) => old?.get(name) !== now?.get(name)).sort();
  return { files: names.size - differing.length, differing };
}

async function must(writer: Writer, argv: Argv): Promise<void> {
  const result = await writer.run(argv, { timeoutMs: 120_000 });
  if (result.exitCode === 0) return;
  throw failed(`${argv.slice(0, 3).join(" ")} failed while this host was put back`, result.stderr.trim());
}

function failed(what: string, likely: string): UserError {
  return new UserError("E_GUARD", what, {
    likely: likely || "it gave no reason",
    mend: "the guard tries again every 20 s; by hand: docs/undo-by-hand.md#a-join-that-hung",
  });
}
