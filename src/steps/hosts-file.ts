import { editHosts, type HostsEntry, resolveIn } from "../cluster/hosts-file.ts";
import type { Host } from "../host/host.ts";
import type { Step } from "./step.ts";

export interface HostsFileSpec {
  readonly node: string;
  readonly address: string;
  readonly before: string | undefined;
  readonly entries: readonly HostsEntry[];
}

/** The node's own name resolves to its tailnet address: from it Proxmox takes the address that it publishes. */
export function hostsFile({ node, address, before, entries }: HostsFileSpec): Step {
  const now = before === undefined ? "" : ` (now ${before}, then ${node}.lan)`;
  return {
    name: "hosts file",
    ...(before === address
      ? { title: `${HOSTS}: the names of all members`, why: "members go to each other by name" }
      : { title: `${HOSTS}: ${node} -> ${address}${now}`, why: PUBLISHES }),
    usually: "at once",
    check: async (host) => {
      const text = (await host.text(HOSTS)) ?? "";
      return text === editHosts(text, entries);
    },
    do: async (host) => {
      await writeHosts(host, (await host.text(HOSTS)) ?? "", entries);
      const [first] = resolveIn((await host.text(HOSTS)) ?? "", node);
      return first === address ? `${node} is ${address}` : `${node} is ${first ?? "nowhere"}`;
    },
    undo: async (host) => {
      const last = (await host.list(BACKUPS)).filter((name) => name.startsWith("hosts-")).at(-1);
      const text = last === undefined ? undefined : await host.text(`${BACKUPS}/${last}`);
      if (text === undefined) return;
      await host.change({ what: `restore ${HOSTS} from ${last}`, undo: "tailmox up" }, (writer) =>
        writer.write(HOSTS, text, 0o644),
      );
    },
  };
}

const PUBLISHES = "Proxmox publishes to the cluster the address that its own name resolves to";

/** Edits /etc/hosts, whose text is `before`, after a copy of it was made. */
export async function writeHosts(host: Host, before: string, entries: readonly HostsEntry[]): Promise<void> {
  const backup = `${BACKUPS}/hosts-${new Date().toISOString().replace(/[:.]/g, "-")}`;
  await host.change({ what: `edit ${HOSTS}`, undo: `cp ${backup} ${HOSTS}` }, async (writer) => {
    await writer.write(backup, before, 0o600);
    await writer.write(HOSTS, editHosts(before, entries), 0o644);
  });
}

const HOSTS = "/etc/hosts";
const BACKUPS = "/var/lib/tailmox/backups";
