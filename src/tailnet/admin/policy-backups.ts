import { createHash } from "node:crypto";
import { z } from "zod";
import type { Host, Reader } from "../../host/host.ts";
import { parseJson } from "../../host/json.ts";

/** Where old policies are kept. */
export const BACKUP_DIR = "/var/lib/tailmox/backups";

/** What is known of a policy that `policy apply` replaced. */
export interface PolicyBackup {
  /** The file with the old text. */
  readonly path: string;
  readonly record: string;
  readonly url: string;
  /** Digest of the text that was written instead. */
  readonly after: string;
}

/** Keeps a policy, with what it is about to be replaced by, in files of mode 0600. Nothing is kept in a dry run. */
export async function keepPolicy(
  host: Host,
  dir: string,
  { url, before, after }: { url: string; before: string; after: string },
): Promise<PolicyBackup> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const name = `${dir}/policy-${time}-${digestOf(after).slice(0, 8)}`;
  const backup = { path: `${name}.hujson`, record: `${name}.json`, url, after: digestOf(after) };
  const change = {
    what: `keep the tailnet's policy in ${backup.path}`,
    undo: `rm ${backup.path} ${backup.record}`,
  };
  await host.change(change, async (writer) => {
    await writer.write(backup.path, before, 0o600);
    await writer.write(
      backup.record,
      `${JSON.stringify({ ...backup, before: digestOf(before) }, null, 2)}\n`,
      0o600,
    );
  });
  return backup;
}

/** Forgets a backup that was not needed: nothing was written instead. */
export async function forgetPolicy(host: Host, { path, record }: PolicyBackup): Promise<void> {
  const change = { what: `remove ${path}: the policy was not written after all`, undo: "not needed" };
  await host.change(change, async (writer) => {
    await writer.remove(path);
    await writer.remove(record);
  });
}

/** The backups of a control server, newest first. */
export async function policyBackups(reader: Reader, dir: string, url: string): Promise<PolicyBackup[]> {
  const names = (await reader.list(dir)).filter((name) => /^policy-.*\.json$/.test(name));
  const found: PolicyBackup[] = [];
  for (const name of names.sort().reverse()) {
    const parsed = recordJson.safeParse(parseJson((await reader.text(`${dir}/${name}`)) ?? ""));
    if (parsed.success && parsed.data.url === url) found.push(parsed.data);
  }
  return found;
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const recordJson = z.object({ path: z.string(), record: z.string(), url: z.string(), after: z.string() });
