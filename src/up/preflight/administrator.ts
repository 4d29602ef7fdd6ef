import { isIP } from "node:net";
import type { Reader } from "../../host/host.ts";

/**
 * The addresses that people are logged in from: by the session that started this program, and because sudo and su take
 * that away, by all who are logged in by ssh. None at a console, and none known behind Proxmox's own web shell.
 */
export async function readAdministrators(
  reader: Pick<Reader, "run">,
  ssh: string | undefined = process.env.SSH_CONNECTION,
): Promise<string[]> {
  const { stdout } = await reader.run(["who"], { timeoutMs: 5_000 });
  // SSH_CONNECTION: client address, client port, server address, server port.
  return [...new Set([ssh?.split(" ")[0] ?? "", ...parseWho(stdout)])].filter((one) => isIP(one) !== 0);
}

/** The places in the last column of `who`, which may be names. */
export function parseWho(text: string): string[] {
  return [...text.matchAll(/\(([^()\s]+)\)\s*$/gm)].map(([, from = ""]) => from.replace(/%.*$/, ""));
}
