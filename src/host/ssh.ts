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
 * Another host, as root, by the system's OpenSSH and never with a question: keys or nothing.
 * Only the given host key is accepted; root's own known_hosts is neither read nor written.
 */
export function sshTransport(name: string, address: string, hostKey: HostKey): Writer {
  const remote: Writer["run"] = async (argv, options) => {
    await mkdir(CONTROL_DIR, { recursive: true, mode: 0o700 });
    const line = argv.map(quote).join(" ");
    const argvHere: Argv = [
      "ssh",
      ...sshOptions(address, hostKey),
      `root@${address}`,
      "--",
      `LC_ALL=C ${line}`,
    ];
    return run(argvHere, options);
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

function sshOptions(address: string, { type, key }: HostKey): string[] {
  const algorithms = type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
  return [
    "BatchMode=yes",
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
    `ControlPath=${CONTROL_DIR}/%C`,
  ].flatMap((option) => ["-o", option]);
}

/** sshd hands one string to the login shell, so words are quoted for it. */
function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
