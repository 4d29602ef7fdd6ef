import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import { LOCAL_CONF, MASTER_CONF } from "./guard-script.ts";

/** Held by Proxmox too whenever it changes corosync.conf (proxmox.md 7). */
const LOCK = "/etc/pve/priv/lock/file-corosync_conf";

/**
 * Replaces the cluster's corosync.conf in the safe way: under Proxmox's own lock, only where it still is `from`, the
 * complete text under another name and then by rename. Every member's pmxcfs copies it, this one's reloads corosync.
 * Throws E_TUNE_UNDERWAY (locked), E_TUNE_CHANGED, E_TUNE_WRITE.
 */
export async function publishConf(
  host: Host,
  from: string,
  to: string,
  { what, undo }: { what: string; undo: string },
): Promise<void> {
  await host.change({ what: `replace ${MASTER_CONF}: ${what}`, undo }, async (writer) => {
    await takeLock(writer);
    let isLocked = true;
    const unlock = async () => {
      if (isLocked) await writer.run(["rmdir", LOCK], { timeoutMs: 20_000 });
      isLocked = false;
    };
    try {
      if ((await writer.text(MASTER_CONF)) !== from) throw changed();
      await putFile(writer, `${MASTER_CONF}.tailmox`, to);
      // Proxmox's rename returns after the reload, a second later: the lock must be gone by then, since settings that
      // cost the quorum would keep it.
      const renamed = orFail(writer, ["mv", "-f", "-T", `${MASTER_CONF}.tailmox`, MASTER_CONF]);
      renamed.catch(() => undefined);
      await poll(10_000, 50, async () => ((await writer.text(LOCAL_CONF)) === to ? true : undefined));
      await unlock();
      await renamed;
    } finally {
      await unlock();
    }
  });
}

/** Writes a file of /etc/pve and reads it back; throws E_TUNE_WRITE. */
export async function putFile(writer: Writer, path: string, text: string): Promise<void> {
  await orFail(writer, ["dd", `of=${path}`, "status=none"], text);
  if ((await writer.text(path)) !== text) throw failed(`${path} does not hold what was written`);
}

/** Reloads all members once more: timers that follow from the token lag one reload up to corosync 3.1.10. */
export async function reloadAll(host: Host): Promise<void> {
  await host.change({ what: "corosync-cfgtool -R", undo: "nothing" }, (writer) =>
    writer.run(["corosync-cfgtool", "-R"], { timeoutMs: 30_000 }),
  );
}

async function takeLock(writer: Writer): Promise<void> {
  // A cluster that nobody has changed yet need not have the folder of locks.
  await orFail(writer, ["mkdir", "-p", dirname(LOCK)]);
  const taken = await poll(15_000, 1_000, async () => {
    const { exitCode, stderr } = await writer.run(["mkdir", LOCK], { timeoutMs: 20_000 });
    if (exitCode === 0) return true;
    if (!stderr.includes("exists")) throw failed(stderr.trim());
    // To set its time to 0 is to ask pmxcfs whether its holder has been silent for 120 s: only then it goes.
    await writer.run(["touch", "-d", "@0", LOCK], { timeoutMs: 20_000 });
    return undefined;
  });
  if (taken) return;
  throw new UserError(
    "E_TUNE_UNDERWAY",
    "somebody else is changing corosync.conf: its lock was held for 15 s",
    {
      likely: "pvecm runs on a member, or died there less than two minutes ago",
      mend: "try again in two minutes; nothing was changed",
    },
  );
}

async function orFail(writer: Writer, argv: Argv, input?: string): Promise<void> {
  const result = await writer.run(argv, { timeoutMs: 40_000, ...(input !== undefined && { input }) });
  if (result.exitCode !== 0) throw failed(result.stderr.trim() || `${argv[0]} did not end in 40 s`);
}

function failed(likely: string): UserError {
  return new UserError("E_TUNE_WRITE", "the cluster's corosync.conf could not be replaced", {
    likely: likely || "quorum was lost at this moment",
    mend: "pvecm status; if the file was changed all the same, the guards take it back",
  });
}

function changed(): UserError {
  return new UserError(
    "E_TUNE_CHANGED",
    "the cluster's corosync.conf is no longer what this was planned for",
    {
      likely: "somebody else has edited it, or a host has joined meanwhile",
      mend: "run it again: it plans anew",
    },
  );
}
