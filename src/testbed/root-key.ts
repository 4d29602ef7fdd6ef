import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";

/** The public key that root of this host logs in with. Proxmox makes one when it is installed. */
export async function rootKey(reader: Reader): Promise<string> {
  for (const type of ["ed25519", "ecdsa", "rsa"]) {
    const text = await reader.text(`/root/.ssh/id_${type}.pub`);
    if (text?.trim()) return text.trim();
  }
  throw new UserError("E_TESTBED_IDENTITY", "root of this host has no ssh key that its test VMs could know", {
    likely: "Proxmox makes /root/.ssh/id_rsa when it is installed; it was removed",
    mend: "ssh-keygen -t ed25519 -N '' -f /root/.ssh/id_ed25519",
  });
}
