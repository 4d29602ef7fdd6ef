import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Reader } from "../host/host.ts";

/**
 * Waits until Proxmox's own tools get an answer from pmxcfs. For some seconds after its restart they all fail
 * with "ipcc_send_rec[1] failed: Connection refused" (proxmox.md 0). Throws E_PVE_DOWN after 30 s.
 */
export async function untilProxmoxAnswers(reader: Reader): Promise<void> {
  let words = "";
  const answered = await poll(30_000, 500, async () => {
    const argv = ["pvesh", "get", "/version", "--output-format", "json"] as const;
    const result = await reader.run(argv, { timeoutMs: 20_000 });
    words = result.stderr.trim();
    return result.exitCode === 0 ? true : undefined;
  });
  if (answered) return;
  throw new UserError("E_PVE_DOWN", `Proxmox's tools on ${reader.name} have got no answer for 30 s`, {
    likely: words.split("\n").at(-1) || "pmxcfs does not run",
    mend: "systemctl status pve-cluster; journalctl -u pve-cluster",
  });
}
