import { UserError } from "../errors.ts";
import type { Argv, Writer } from "../host/host.ts";

/** What a join replaces outside of /etc/pve. Source: proxmox.md 2.1 and 4.3, measured. */
const REPLACED = [
  "/etc/corosync",
  "/root/.ssh/authorized_keys",
  "/root/.ssh/known_hosts",
  "/root/.ssh/config",
  "/etc/ssh/sshd_config",
  "/etc/ssh/ssh_known_hosts",
] as const;

export const DATABASE = "/var/lib/pve-cluster/config.db";

/** Root's authorized keys, wherever they stand: on stock hosts the file is a link into /etc/pve. */
export const ROOT_KEYS = "/root/.ssh/authorized_keys";

export interface Copies {
  readonly saved: string[];
  readonly absent: string[];
}

/**
 * Copies into `folder` (0700, files 0600) all that a join replaces: the database behind /etc/pve, /etc/pve as
 * a readable archive, and what stands outside. On the disk when it returns. Throws E_GUARD: nothing else was
 * changed then.
 */
export async function makeCopies(writer: Writer, folder: string): Promise<Copies> {
  await must(writer, ["install", "-d", "-m", "0700", folder, `${folder}/files`]);
  await copyDatabase(writer, folder);
  const copies: Copies = { saved: [], absent: [] };
  for (const path of REPLACED) {
    const { exitCode, stderr } = await writer.run(["cp", "-a", "--parents", "--", path, `${folder}/files`]);
    if (exitCode === 0) copies.saved.push(path);
    else if (stderr.includes("No such file")) copies.absent.push(path);
    else throw failed(`${path} could not be copied`, stderr);
  }
  await writer.write(`${folder}/authorized_keys`, (await writer.text(ROOT_KEYS)) ?? "", 0o600);
  await writer.write(`${folder}/digests`, await digestPve(writer), 0o600);
  await must(writer, ["sync", "--file-system", folder]);
  return copies;
}

/** sha256sum's lines for every file of /etc/pve that somebody wrote, in the order of names. */
export async function digestPve(writer: Writer): Promise<string> {
  const { stdout } = await writer.run(["find", "/etc/pve", ...WRITTEN, "-exec", "sha256sum", "{}", "+"], {
    timeoutMs: 60_000,
  });
  const lines = stdout.split("\n").filter(Boolean);
  return `${lines.sort((a, b) => a.slice(64).localeCompare(b.slice(64))).join("\n")}\n`;
}

/** Not what pmxcfs makes up itself (a dot at its beginning), nor what the HA services write every few seconds. */
const WRITTEN = [
  "-xdev",
  "-type",
  "f",
  "!",
  "-name",
  ".*",
  "!",
  "-name",
  "lrm_status",
  "!",
  "-name",
  "manager_status",
];

/** By SQLite's own way, which is whole while pmxcfs writes: a plain copy would miss what is in the journal. */
async function copyDatabase(writer: Writer, folder: string): Promise<void> {
  const copy = `${folder}/config.db`;
  const archive = `${folder}/etc-pve.tar`;
  await must(writer, ["install", "-m", "0600", "/dev/null", copy]);
  await must(writer, ["sqlite3", DATABASE, `.timeout 10000`, `.backup ${copy}`]);
  const { stdout } = await must(writer, ["sqlite3", copy, "PRAGMA integrity_check"]);
  if (stdout.trim() !== "ok") throw failed("the copy of Proxmox's database is damaged", stdout);
  await must(writer, ["install", "-m", "0600", "/dev/null", archive]);
  const tar = await writer.run([
    "tar",
    "--create",
    `--file=${archive}`,
    "--exclude=./.*",
    "-C",
    "/etc/pve",
    ".",
  ]);
  // 1 is "a file changed as we read it": the database's copy is the one that counts.
  if (tar.exitCode !== 0 && tar.exitCode !== 1) throw failed("/etc/pve could not be archived", tar.stderr);
}

async function must(writer: Writer, argv: Argv): Promise<{ stdout: string }> {
  const result = await writer.run(argv, { timeoutMs: 120_000 });
  if (result.exitCode === 0) return result;
  throw failed(`${argv[0]} failed while copying what the join replaces`, result.stderr);
}

function failed(what: string, stderr: string): UserError {
  return new UserError("E_GUARD", `${what}; the join was not begun`, {
    likely: stderr.trim().split("\n").slice(-3).join("\n") || "it gave no reason",
    mend: "df -h /var/lib; then run tailmox up again",
  });
}
