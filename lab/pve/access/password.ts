import { run } from "../../../src/host/run.ts";
import { PveError } from "../errors.ts";
import { readText } from "../node/files.ts";
import type { PveNode } from "../node/pve-node.ts";

/**
 * Throws 401 `authentication failure` unless the password is the user's: realm `pam` by /etc/shadow of this
 * host, realm `pve` by /etc/pve/priv/shadow.cfg.
 */
export async function assertPassword(node: PveNode, user: string, password: string): Promise<void> {
  const [, name = "", realm] = /^(.+)@(pam|pve)$/.exec(user) ?? [];
  const file = realm === "pam" ? "/etc/shadow" : "/etc/pve/priv/shadow.cfg";
  const lines = ((await readText(node, file)) ?? "").split("\n");
  const hash = lines.find((line) => line.startsWith(`${name}:`))?.split(":")[1] ?? "";
  if (name !== "" && hash.startsWith("$") && (await matches(password, hash))) return;
  throw new PveError("authentication failure", { status: 401 });
}

/** libcrypt's own crypt(3) by way of Perl, which every Debian root has; both texts go by standard input. */
async function matches(password: string, hash: string): Promise<boolean> {
  if (/[\n\0]/.test(password)) return false;
  const script = "chomp(my $p = <STDIN>); chomp(my $h = <STDIN>); exit(crypt($p, $h) eq $h ? 0 : 1);";
  const checked = await run(["perl", "-e", script], { input: `${password}\n${hash}\n`, timeoutMs: 30_000 });
  return checked.exitCode === 0;
}
