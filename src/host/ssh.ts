import { mkdir } from "node:fs/promises";
import { UserError } from "../errors.ts";
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
  const remoteOk = async (argv: Argv, input?: string) => {
    const result = await remote(argv, { timeoutMs: 20_000, ...(input !== undefined && { input }) });
    if (result.exitCode === 0) return result.stdout;
    throw new UserError("E_COMMAND_FAILED", `${argv[0]} failed on ${name}`, {
      likely: result.stderr.trim() || "it printed nothing",
      mend: `ssh root@${address}`,
    });
  };
  return {
    name,
    run: remote,
    text: async (path) => {
      const result = await remote(["cat", path], { timeoutMs: 20_000 });
      if (result.exitCode === 0) return result.stdout;
      if (result.stderr.includes("No such file")) return undefined;
      throw new UserError("E_COMMAND_FAILED", `${path} could not be read on ${name}`, {
        likely: result.stderr.trim() || `ssh ended with ${result.exitCode}`,
        mend: `ssh root@${address} cat ${path}`,
      });
    },
    list: async (path) => {
      const result = await remote(["ls", "-A", path], { timeoutMs: 20_000 });
      return result.stdout.split("\n").filter(Boolean).sort();
    },
    write: async (path, content, mode) => {
      const unfinished = `${path}.tailmox-${process.pid}`;
      const text = typeof content === "string" ? content : new TextDecoder().decode(content);
      // dd and not /dev/stdin: sshd gives commands a socket, which cannot be opened by a path.
      await remoteOk(["install", "-D", "-m", mode.toString(8), "/dev/null", unfinished]);
      await remoteOk(["dd", `of=${unfinished}`, "status=none"], text);
      await remoteOk(["mv", "-f", unfinished, path]);
    },
    remove: async (path) => {
      await remoteOk(["rm", "-f", path]);
    },
  };
}

/**
 * The key that a host presents at its tailnet address, undefined when nothing answers. The tunnel has proven
 * who holds that address, so this is more than trust on first use.
 */
export async function presentedHostKey(reader: Reader, address: string): Promise<HostKey | undefined> {
  const types = "ed25519,ecdsa,rsa";
  const { stdout } = await reader.run(["ssh-keyscan", "-T", "5", "-t", types, address], {
    timeoutMs: 15_000,
  });
  const keys = stdout.split("\n").flatMap((line) => {
    const [, type, key] = line.startsWith("#") ? [] : line.split(" ");
    return type && key ? [{ type, key }] : [];
  });
  return keys.find(({ type }) => type === "ssh-ed25519") ?? keys[0];
}

const CONTROL_DIR = "/run/tailmox";
const BY_KEY = ["BatchMode=yes", `ControlPath=${CONTROL_DIR}/%C`];
/** Asked once: a wrong password must not bring a lock on an account nearer. */
const BY_PASSWORD = [
  "PreferredAuthentications=password",
  "NumberOfPasswordPrompts=1",
  // Not the path of the logins by key: over an open connection any login succeeds, and would seem to be by key.
  `ControlPath=${CONTROL_DIR}/password-${process.pid}-%C`,
];

function sshOptions(address: string, { type, key }: HostKey): string[] {
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
    "ControlPersist=15",
  ].flatMap((option) => ["-o", option]);
}

/** sshd hands one string to the login shell, so words are quoted for it. */
function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
