import type { Writer } from "../host/host.ts";

/**
 * Brings what create or join wrote to the disk. Proxmox's tools do not: a host that lost power ten seconds
 * after its join came back with an empty /etc/corosync/authkey, and corosync did not start (seen in the lab).
 */
export async function settleOnDisk(writer: Writer): Promise<void> {
  await writer.run(["sync", "--file-system", "/etc/corosync", "/var/lib/pve-cluster", "/root/.ssh"], {
    timeoutMs: 60_000,
  });
}
