import { UserError } from "../errors.ts";
import type { Host } from "./host.ts";
import { type HostKey, sshOptions } from "./ssh.ts";

/** Copies a file of this host to another one by scp, whatever its size; there it appears as a whole. */
export async function copyFile(
  here: Host,
  there: { readonly name: string; readonly inside: Host; readonly address: string; readonly key: HostKey },
  from: string,
  to: string,
): Promise<void> {
  const unfinished = `${to}.tailmox-${process.pid}`;
  const change = { what: `copy ${from} to ${there.name}:${to}`, undo: `rm ${to}, there` };
  await here.change(change, async (writer) => {
    const options = ["-o", "BatchMode=yes", ...sshOptions(there.address, there.key)];
    const argv = ["scp", "-q", "-p", ...options, from, `root@${there.address}:${unfinished}`] as const;
    const { exitCode, stderr } = await writer.run(argv, { timeoutMs: 300_000 });
    if (exitCode !== 0) throw failed(there.name, stderr);
  });
  await there.inside.change(change, async (writer) => {
    const { exitCode, stderr } = await writer.run(["mv", "-f", unfinished, to], { timeoutMs: 30_000 });
    if (exitCode !== 0) throw failed(there.name, stderr);
  });
}

function failed(name: string, stderr: string): UserError {
  return new UserError("E_COMMAND_FAILED", `a file could not be copied to ${name}`, {
    likely: stderr.trim() || "scp gave no reason",
    mend: "look whether its disk is full, and whether ssh gets in",
  });
}
