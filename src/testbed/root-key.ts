import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";

/** The public key that root of a host logs in with, undefined when there is none. */
export async function publicRootKey(reader: Reader): Promise<string | undefined> {
  for (const type of ["ed25519", "ecdsa", "rsa"]) {
    const text = await reader.text(`/root/.ssh/id_${type}.pub`);
    if (text?.trim()) return text.trim();
  }
  return undefined;
}

/** As `publicRootKey`, for this host, whose test VMs have to know it. Throws E_TESTBED_KEY. */
export async function rootKey(reader: Reader): Promise<string> {
  const key = await publicRootKey(reader);
  if (key !== undefined) return key;
  throw new UserError("E_TESTBED_KEY", "root of this host has no ssh key that its test VMs could know", {
    likely: "Proxmox makes /root/.ssh/id_rsa when it is installed; it was removed",
    mend: "ssh-keygen -t ed25519 -N '' -f /root/.ssh/id_ed25519",
  });
}
