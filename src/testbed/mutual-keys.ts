import type { Host } from "../host/host.ts";
import { letIn } from "./identity.ts";
import { publicRootKey } from "./root-key.ts";

/** Lets root of each of these hosts log in to every other one by key, as `up` does when it joins by ssh. */
export async function trustEachOther(hosts: readonly Host[]): Promise<void> {
  const keys = await Promise.all(hosts.map(ownKey));
  const known = keys.flatMap((key) => (key === undefined ? [] : [key]));
  await Promise.all(
    hosts.map((host) => {
      const change = {
        what: `let root of the other test VMs into ${host.name}`,
        undo: "tailmox testbed revert",
      };
      return host.change(change, async (writer) => {
        for (const key of known) await letIn(writer, key);
      });
    }),
  );
}

async function ownKey(host: Host): Promise<string | undefined> {
  const present = await publicRootKey(host);
  if (present !== undefined) return present;
  const path = "/root/.ssh/id_ed25519";
  return host.change(
    { what: `make an ssh key for root of ${host.name}`, undo: `rm ${path}` },
    async (writer) => {
      await writer.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], { timeoutMs: 20_000 });
      return (await writer.text(`${path}.pub`))?.trim();
    },
  );
}
