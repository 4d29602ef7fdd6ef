import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Reader, Writer } from "../host/host.ts";
import {
  type Grant,
  grantLine,
  hasOwnLine,
  mark,
  withLine,
  withoutExpired,
  withoutGrant,
} from "./key-line.ts";

/** Root's authorized keys of the whole cluster: on each member /root/.ssh/authorized_keys leads here (proxmox.md 2). */
const CLUSTER_KEYS = "/etc/pve/priv/authorized_keys";
const ROOT_KEYS = "/root/.ssh/authorized_keys";

/**
 * Accepts the key. What takes it away again is started before: a timer of systemd, which needs neither this process
 * nor its terminal. Throws E_ADMIT_KEY; then the key is not accepted.
 */
export async function acceptKey(writer: Writer, grant: Grant, now = new Date()): Promise<void> {
  await arm(writer, grant, now);
  const before = withoutExpired((await writer.text(CLUSTER_KEYS)) ?? "", now);
  await writer.write(CLUSTER_KEYS, withLine(before, grantLine(grant)), 0o600);
  if ((await writer.text(ROOT_KEYS))?.includes(mark(grant.id))) return;
  await withdrawKey(writer, grant, { joined: false });
  throw new UserError("E_ADMIT_KEY", `${ROOT_KEYS} does not lead to ${CLUSTER_KEYS}`, {
    likely: "it was a link, and somebody put a file in its place",
    mend: `merge the file into ${CLUSTER_KEYS}, then: ln -sf ${CLUSTER_KEYS} ${ROOT_KEYS}`,
  });
}

/**
 * Takes the line away; a member's key stays accepted, by the line that pvecm wrote, or one like it. While /etc/pve
 * cannot be written (a member of two loses its quorum for a moment when a join begins) it tries again, for a minute;
 * then it throws E_ADMIT_KEY, and leaves it to the timer.
 */
export async function withdrawKey(
  writer: Writer,
  { id, key }: Grant,
  { joined }: { joined: false | { readonly node: string } },
): Promise<void> {
  let trouble = "";
  const done = await poll(WRITABLE_MS, 2_000, async () => {
    try {
      const text = (await writer.text(CLUSTER_KEYS)) ?? "";
      const without = withoutGrant(text, id);
      const wanted =
        joined && !hasOwnLine(text, key) ? withLine(without, `${key} root@${joined.node}`) : without;
      if (wanted !== text) await writer.write(CLUSTER_KEYS, wanted, 0o600);
      return true;
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  });
  if (!done) {
    throw new UserError("E_ADMIT_KEY", `the key is still in ${CLUSTER_KEYS}: ${trouble}`, {
      likely: "without quorum /etc/pve cannot be written",
      mend: `it goes by itself when it can: systemctl list-timers "${unit(id)}*"; sshd takes it no longer after its time`,
    });
  }
  await writer.run(["systemctl", "stop", `${unit(id)}.timer`], { timeoutMs: 20_000 });
}

/** Whether the key is accepted by a line that stays. */
export async function keyIsKept(reader: Pick<Reader, "text">, key: string): Promise<boolean> {
  return hasOwnLine((await reader.text(CLUSTER_KEYS).catch(() => undefined)) ?? "", key);
}

const WRITABLE_MS = 60_000;

function unit(id: string): string {
  return `tailmox-admit-${id}`;
}

/** Half a minute later than this process would do it. Tried again while /etc/pve cannot be written. */
async function arm(writer: Writer, { id, until }: Grant, now: Date): Promise<void> {
  const seconds = Math.ceil((until.getTime() - now.getTime()) / 1000) + 30;
  const argv: Argv = [
    ...(["systemd-run", "--quiet", "--collect", `--unit=${unit(id)}`] as const),
    ...[`--on-active=${seconds}`, "--timer-property=AccuracySec=1s", "--service-type=oneshot"],
    ...["--property=Restart=on-failure", "--property=RestartSec=10"],
    "--description=Takes the key of a host away that tailmox admit let in",
    ...["--", "sed", "-i", "-e", `/ ${mark(id)}$/d`, CLUSTER_KEYS],
  ];
  const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 20_000 });
  if (exitCode === 0) return;
  throw new UserError(
    "E_ADMIT_KEY",
    "what takes the key away again could not be started, so it was not accepted",
    {
      likely: stderr.trim() || "systemd-run gave no reason",
      mend: "systemctl status; then run tailmox admit again",
    },
  );
}
