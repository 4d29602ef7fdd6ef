import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Host, Writer } from "../host/host.ts";

/** Keeps joins to one cluster apart. */
export interface JoinLock {
  release(): Promise<void>;
}

/**
 * Takes the lock on a member, by root's ssh: a unit there, since systemd starts one name once. It ends by itself
 * some 20 s after its holder has stopped to renew it, so a holder that died bars nobody. Waits up to `waitMs`
 * for another holder; then throws E_JOIN_LOCKED with its name.
 */
export async function takeJoinLock(
  member: Host,
  holder: string,
  { waitMs, waiting }: { waitMs: number; waiting: (other: string) => void },
): Promise<JoinLock> {
  const beat = `/run/tailmox/join-lock-${holder}`;
  const what = { what: `the join lock on ${member.name}`, undo: `systemctl stop ${LOCK_UNIT}` };
  let other = "";
  const writer = await poll(waitMs, 2_000, () =>
    member.change(what, async (writer) => {
      other = await tryLock(writer, holder, beat);
      if (other !== "") waiting(other);
      return other === "" ? writer : undefined;
    }),
  );
  if (!writer) throw locked(other, waitMs);
  const renewal = setInterval(() => {
    // Part of the same change. One that is lost does not matter; when all are, the member is away, and the lock.
    writer.run(["touch", beat], { timeoutMs: 10_000 }).catch(() => undefined);
  }, RENEW_MS);
  renewal.unref();
  return {
    release: async () => {
      clearInterval(renewal);
      await member.change(what, async (writer) => {
        const stopped = writer.run(["systemctl", "stop", LOCK_UNIT], { timeoutMs: 20_000 });
        await Promise.all([stopped, writer.remove(beat)]);
      });
    },
  };
}

/** The host that holds the lock on this member; undefined when nobody does. */
export async function joiningNow(member: Pick<Host, "run">): Promise<string | undefined> {
  const { stdout } = await member.run(
    ["systemctl", "show", LOCK_UNIT, "--property=ActiveState", "--property=Description"],
    { timeoutMs: 15_000 },
  );
  if (!/^ActiveState=active$/m.test(stdout)) return undefined;
  return /^Description=(.+)$/m.exec(stdout)?.[1] ?? "another host";
}

const LOCK_UNIT = "tailmox-join-lock.service";
const RENEW_MS = 5_000;

/** Lives as long as the file $1 is younger than 20 s. */
const WATCH = 'while [ $(($(date +%s) - $(stat -c %Y "$1"))) -lt 20 ]; do sleep 1; done';

/** Gives the name of who holds it, "" when it is ours now. */
async function tryLock(writer: Writer, holder: string, beat: string): Promise<string> {
  await writer.write(beat, "", 0o600);
  const { exitCode, stderr } = await writer.run(
    [
      ...["systemd-run", "--quiet", "--collect", `--unit=${LOCK_UNIT}`, `--description=${holder}`],
      ...["--", "bash", "-c", WATCH, "tailmox", beat],
    ] as const,
    { timeoutMs: 20_000 },
  );
  if (exitCode === 0) return "";
  const { stdout } = await writer.run(["systemctl", "show", LOCK_UNIT, "--property=Description"]);
  const other = /^Description=(.+)$/m.exec(stdout)?.[1] ?? "";
  // In this host's own name: a run that died here within the last 20 s, since two never run at once. Its lock is ours
  // now; to wait for it would be for ever, since the beat that it dies without has just been given.
  if (/already/.test(stderr)) return other === holder ? "" : other || "another host";
  throw new UserError("E_JOIN_LOCKED", `the join lock could not be taken on ${writer.name}`, {
    likely: stderr.trim() || "systemd-run gave no reason",
    mend: `systemctl status on ${writer.name}; then run tailmox up again`,
  });
}

function locked(other: string, waitMs: number): UserError {
  return new UserError("E_JOIN_LOCKED", `${other} is joining this cluster, for ${waitMs / 1000} s now`, {
    likely: "tailmox up runs on both hosts; a cluster takes in one at a time",
    mend: "wait until it is done there, then run tailmox up again",
  });
}
