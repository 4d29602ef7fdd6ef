import { poll } from "../host/deadline.ts";
import type { Writer } from "../host/host.ts";
import { parseMembers } from "../proxmox/members.ts";
import { parsePvecmStatus } from "../proxmox/pvecm-status.ts";
import type { Armed } from "./armed.ts";

const CLUSTER_KEYS = "/etc/pve/priv/authorized_keys";

/** Whether this host is in a cluster and quorate, by corosync and by pmxcfs. */
export async function isQuorateMember(writer: Writer): Promise<boolean> {
  const { stdout } = await writer.run(["corosync-quorumtool", "-s"], { timeoutMs: 10_000 });
  if (parsePvecmStatus(stdout)?.quorate !== true) return false;
  const text = await writer.text("/etc/pve/.members").catch(() => undefined);
  return (text === undefined ? undefined : parseMembers(text))?.cluster?.quorate === true;
}

/**
 * What is left to do on a host that was taken in: root's authorized keys of before the join (pvecm drops them
 * on stock hosts, where the file is a link into /etc/pve), and the certificate, where pvecm did not get so far.
 * Gives how many keys were added.
 */
export async function finishJoin(writer: Writer, armed: Armed): Promise<number> {
  const ownCertificate = await writer.text(`/etc/pve/nodes/${armed.node}/pve-ssl.pem`);
  if (ownCertificate === undefined) {
    await writer.run(["pvecm", "updatecerts", "--force"], { timeoutMs: 120_000 });
    await writer.run(["systemctl", "restart", "pvedaemon", "pveproxy"], { timeoutMs: 60_000 });
  }
  const before = (await writer.text(`${armed.copies}/authorized_keys`)) ?? "";
  let added = 0;
  // Retried: another host's name for a file that was just replaced is stale for a second (proxmox.md 2.1).
  await poll(10_000, 1_000, async () => {
    const now = (await writer.text(CLUSTER_KEYS)) ?? "";
    const missing = missingKeys(before, now);
    if (missing.length === 0) return true;
    added = missing.length;
    const text = now === "" || now.endsWith("\n") ? now : `${now}\n`;
    await writer.write(CLUSTER_KEYS, `${text}${missing.join("\n")}\n`, 0o600);
    return undefined;
  });
  return added;
}

/** The lines of `before` whose key is not in `now`. */
export function missingKeys(before: string, now: string): string[] {
  const present = new Set(keyLines(now).map(keyOf));
  return keyLines(before).filter((line) => !present.has(keyOf(line)));
}

/** The lines of an authorized_keys that hold a key. */
export function keyLines(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== "" && !line.startsWith("#")))];
}

/** The key itself, without the options before it and the comment behind it. */
function keyOf(line: string): string {
  return /\b(?:ssh-|ecdsa-|sk-)\S+\s+(AAAA\S+)/.exec(line)?.[1] ?? line;
}
