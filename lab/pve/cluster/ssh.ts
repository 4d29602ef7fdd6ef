import { chmod, lstat, mkdir, readFile, rename, rm, symlink, unlink } from "node:fs/promises";
import { run } from "../../../src/host/run.ts";
import { exists, readText, setContents } from "../node/files.ts";
import { at, type PveNode } from "../node/pve-node.ts";
import { taskCommand } from "../tasks/commands.ts";
import type { TaskOutput } from "../tasks/task.ts";

const SHARED_KEYS = "/etc/pve/priv/authorized_keys";
const SHARED_KNOWN_HOSTS = "/etc/pve/priv/known_hosts";
const ROOT_KEYS = "/root/.ssh/authorized_keys";
const ROOT_KEYS_BACKUP = "/root/.ssh/authorized_keys.org";
const SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts";
const SSHD_CONFIG = "/etc/ssh/sshd_config";

/** `PermitRootLogin yes` in sshd_config, whatever stood there (proxmox.md 2.1), and a reload of sshd. */
export async function permitRootLogin(node: PveNode, output: TaskOutput): Promise<void> {
  const old = (await readText(node, SSHD_CONFIG)) ?? "";
  const wanted = withRootLogin(old);
  if (wanted === old) return;
  await setContents(node, SSHD_CONFIG, wanted);
  await taskCommand(output, ["systemctl", "reload-or-restart", "ssh.service"]);
}

/** The text of sshd_config with root's login allowed. */
export function withRootLogin(config: string): string {
  if (/^PermitRootLogin\s+yes\s*$/m.test(config)) return config;
  const replaced = config.replace(/^#?PermitRootLogin.*$/m, "PermitRootLogin yes");
  return replaced === config ? `${config.replace(/\n$/, "")}\nPermitRootLogin yes\n` : replaced;
}

/** root's key pair and ssh configuration, made when missing; ssh-keygen's picture goes to the output. */
export async function ensureRootKey(node: PveNode, output: TaskOutput): Promise<void> {
  await mkdir(at(node, "/root/.ssh"), { recursive: true, mode: 0o700 });
  if (!(await exists(node, "/root/.ssh/config"))) {
    const ciphers =
      "aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com";
    await setContents(node, "/root/.ssh/config", `Ciphers ${ciphers}\n`, 0o640);
  }
  const key = "/root/.ssh/id_rsa";
  if (await exists(node, key)) return;
  await taskCommand(output, ["ssh-keygen", "-t", "rsa", "-N", "", "-b", "4096", "-f", at(node, key)]);
}

/** root's authorized_keys becomes a link into /etc/pve; a plain file's keys are kept aside for `mergeKeys`. */
export async function linkAuthorizedKeys(node: PveNode): Promise<void> {
  await mkdir(at(node, "/root/.ssh"), { recursive: true, mode: 0o700 });
  const isLink = (await lstat(at(node, ROOT_KEYS)).catch(() => undefined))?.isSymbolicLink() ?? false;
  const own = isLink ? undefined : await readText(node, ROOT_KEYS);
  const imported = (await readText(node, SHARED_KEYS)) === undefined;
  if (imported) await setContents(node, SHARED_KEYS, own ?? "", 0o600);
  if (isLink) return;
  if (own !== undefined) await rename(at(node, ROOT_KEYS), at(node, ROOT_KEYS_BACKUP));
  await symlink(SHARED_KEYS, at(node, ROOT_KEYS));
  if (imported) await rm(at(node, ROOT_KEYS_BACKUP), { force: true });
}

/** Adds this node's key, and keys set aside, to the cluster's authorized_keys; each line once. */
export async function mergeKeys(node: PveNode): Promise<void> {
  const aside = await readText(node, ROOT_KEYS_BACKUP);
  const old = (await readText(node, SHARED_KEYS)) ?? "";
  const wanted = uniqueLines([old, aside ?? "", (await readText(node, "/root/.ssh/id_rsa.pub")) ?? ""]);
  if (wanted !== old) await setContents(node, SHARED_KEYS, wanted, 0o600);
  if (aside !== undefined) await rm(at(node, ROOT_KEYS_BACKUP), { force: true });
}

/** nodes/NAME/ssh_known_hosts: one line with this node's RSA host key (proxmox.md 10). */
export async function publishHostKey(node: PveNode): Promise<void> {
  const key = await hostKey(node);
  if (!key) return;
  const path = `/etc/pve/nodes/${node.name}/ssh_known_hosts` as const;
  const line = `${node.name} ${key}\n`;
  if ((await readText(node, path)) !== line) await setContents(node, path, line);
}

/** /etc/ssh/ssh_known_hosts becomes a link into /etc/pve, which learns this node's key by name and address. */
export async function shareKnownHosts(node: PveNode, address: string): Promise<void> {
  const key = await hostKey(node);
  const isLink =
    (await lstat(at(node, SYSTEM_KNOWN_HOSTS)).catch(() => undefined))?.isSymbolicLink() ?? false;
  const own = isLink ? "" : ((await readText(node, SYSTEM_KNOWN_HOSTS)) ?? "");
  const shared = (await readText(node, SHARED_KNOWN_HOSTS)) ?? "";
  const lines = key ? [`${node.name} ${key}`, `${address} ${key}`] : [];
  await setContents(node, SHARED_KNOWN_HOSTS, uniqueLines([shared, own, lines.join("\n")]), 0o600);
  if (isLink) return;
  await rm(at(node, SYSTEM_KNOWN_HOSTS), { force: true });
  await symlink(SHARED_KNOWN_HOSTS, at(node, SYSTEM_KNOWN_HOSTS));
}

/** A link to /etc/pve becomes a plain file again, with the content it had (proxmox.md 4.3, step 2). */
export async function unshareKnownHosts(node: PveNode): Promise<void> {
  const path = at(node, SYSTEM_KNOWN_HOSTS);
  const isLink = (await lstat(path).catch(() => undefined))?.isSymbolicLink() ?? false;
  if (!isLink) return;
  const content = await readFile(path, "utf8").catch(() => "");
  await unlink(path);
  if (content !== "") await setContents(node, SYSTEM_KNOWN_HOSTS, content);
}

/** Command words for ssh between members, pinned to the key that the member published (proxmox.md 10). */
export function sshToMember(node: PveNode, name: string, address: string): [string, ...string[]] {
  return [
    ...(["ssh", "-e", "none", "-o", "BatchMode=yes", "-o", `HostKeyAlias=${name}`] as const),
    ...["-o", `UserKnownHostsFile=${at(node, `/etc/pve/nodes/${name}/ssh_known_hosts`)}`],
    ...["-o", "GlobalKnownHostsFile=none", `root@${address}`, "--"],
  ];
}

async function hostKey(node: PveNode): Promise<string | undefined> {
  const path = "/etc/ssh/ssh_host_rsa_key";
  if (!(await exists(node, `${path}.pub`)) && node.root === "") {
    await run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", path], { timeoutMs: 120_000 });
    await chmod(path, 0o600).catch(() => undefined);
  }
  return /^(ssh-rsa \S+)/.exec((await readText(node, `${path}.pub`)) ?? "")?.[1];
}

function uniqueLines(texts: readonly string[]): string {
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line.trim() !== "");
  return lines.length === 0 ? "" : `${[...new Set(lines)].join("\n")}\n`;
}
