import { UserError } from "../errors.ts";
import { readHostsManager } from "../host/cloud-init.ts";
import type { Reader } from "../host/host.ts";

/**
 * The template that has to say the same as /etc/hosts, where cloud-init writes that file at each boot. Throws
 * E_CLOUD_INIT where it does so without one: the names would be gone with the next boot.
 */
export async function templateOfHosts(reader: Reader): Promise<{ readonly hostsTemplate?: string }> {
  const manager = await readHostsManager(reader);
  if (manager.kind === "nobody") return {};
  if (manager.kind === "template") return { hostsTemplate: manager.text };
  throw new UserError(
    "E_CLOUD_INIT",
    `cloud-init writes this host's name into /etc/hosts: ${manager.words}`,
    {
      likely:
        "the host was made from a cloud image; with its next boot its name would be another address again",
      mend: "echo 'manage_etc_hosts: false' > /etc/cloud/cloud.cfg.d/99-hosts.cfg; then run tailmox up again",
    },
  );
}
