import { mkdir, readdir } from "node:fs/promises";
import { filesByCommand } from "./files-by-command.ts";
import type { Argv, Reader, Writer } from "./host.ts";
import { run } from "./run.ts";

/** A host key as known_hosts writes it. */
export interface HostKey {
  readonly type: string;
  readonly key: string;
}

/**
 * Another host, as root, by the system's OpenSSH and never with a question: keys, or the password that `askpass`
 * (src/host/askpass.ts) offers. Only the given host key is accepted; root's own known_hosts is neither read nor
 * written.
 */
export function sshTransport(
  name: string,
  address: string,
  hostKey: HostKey,
  askpass?: Readonly<Record<string, string>>,
): Writer {
  const login = askpass ? BY_PASSWORD : BY_KEY;
  const remote: Writer["run"] = async (argv, options) => {
    await mkdir(CONTROL_DIR, { recursive: true, mode: 0o700 });
    const line = argv.map(quote).join(" ");
    const argvHere: Argv = [
      "ssh",
      ...login.flatMap((option) => ["-o", option]),
      ...sshOptions(address, hostKey),
      `root@${address}`,
      "--",
      `LC_ALL=C ${line}`,
    ];
    return run(argvHere, askpass ? { ...options, env: { ...options?.env, ...askpass } } : options);
  };
  return { name, run: remote, ...filesByCommand(name, remote, `ssh root@${address}`) };
}

/** Ends this process's connections, which would stay open after it. Never throws. */
export async function closeConnections(): Promise<void> {
  const names = await readdir(CONTROL_DIR).catch(() => []);
  const own = names.filter((name) => /^(key|password)-(\d+)-/.exec(name)?.[2] === String(process.pid));
  await Promise.all(
    own.map((name) =>
      run(["ssh", "-O", "exit", "-o", `ControlPath=${CONTROL_DIR}/${name}`, "peer"], { timeoutMs: 2_000 }),
    ),
  );
}

/**
 * The key that a host presents at its tailnet address, undefined when nothing answers. The tunnel has proven
 * who holds that address, so this is more than trust on first use.
 */
export async function presentedHostKey(reader: Reader, address: string): Promise<HostKey | undefined> {
  // Each type is a connection without a login, and sshd of Debian 13 shuts out an address for a while after some of
  // these and of logins that fail (sshd_config(5), PerSourcePenalties).
  for (const types of ["ed25519", "ecdsa,rsa"]) {
    const { stdout, stderr } = await reader.run(["ssh-keyscan", "-T", "5", "-t", types, address], {
      timeoutMs: 15_000,
    });
    const [key] = stdout.split("\n").flatMap((line) => {
      const [, type, key] = line.startsWith("#") ? [] : line.split(" ");
      return type && key ? [{ type, key }] : [];
    });
    if (key || !`${stdout}${stderr}`.includes(" SSH-2.0-")) return key;
  }
  return undefined;
}

const CONTROL_DIR = "/run/tailmox";
/** Of this process alone: over the open connection of an earlier run even a key that was withdrawn gets in. */
const BY_KEY = ["BatchMode=yes", `ControlPath=${CONTROL_DIR}/key-${process.pid}-%C`];
/** Asked once: a wrong password must not bring a lock on an account nearer. */
const BY_PASSWORD = [
  "PreferredAuthentications=password",
  "NumberOfPasswordPrompts=1",
  // Not the path of the logins by key: over an open connection any login succeeds, and would seem to be by key.
  `ControlPath=${CONTROL_DIR}/password-${process.pid}-%C`,
];

/** How every ssh and scp of tailmox goes: bounded, and to this host key alone. */
export function sshOptions(address: string, { type, key }: HostKey): string[] {
  const algorithms = type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
  return [
    "ConnectTimeout=5",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=2",
    "StrictHostKeyChecking=yes",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    `HostKeyAlgorithms=${algorithms}`,
    // No file needed: a dry run leaves no trace on the disk.
    `KnownHostsCommand=/bin/echo ${address} ${type} ${key}`,
    // One login for all commands: at a round trip of 100 ms each further one would cost a second.
    "ControlMaster=auto",
    // As long as what a member or a joiner is busy with meanwhile.
    "ControlPersist=60",
  ].flatMap((option) => ["-o", option]);
}

/** sshd hands one string to the login shell, so words are quoted for it. */
function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
