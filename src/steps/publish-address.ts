import { UserError } from "../errors.ts";
import { poll } from "../host/deadline.ts";
import type { Argv, Host, Writer } from "../host/host.ts";
import { parseMembers } from "../proxmox/members.ts";
import { readPublishedAddress } from "../proxmox/published-address.ts";
import { untilProxmoxAnswers } from "./proxmox-answers.ts";
import type { Step } from "./step.ts";

export interface PublishAddressSpec {
  readonly node: string;
  readonly address: string;
  readonly renewCertificate: boolean;
}

/** pmxcfs resolves its own name at its start only, so it is restarted. Source: proxmox.md 1. */
export function publishAddress({ node, address, renewCertificate }: PublishAddressSpec): Step {
  const certificate = renewCertificate ? "; new node certificate; restart pveproxy and pvedaemon" : "";
  return {
    name: "restart pve-cluster",
    title: `restart pve-cluster${certificate}`,
    why: `so that Proxmox publishes ${address}`,
    usually: renewCertificate ? "usually 5-10 s" : "usually 2 s",
    check: async (host) => (await readPublishedAddress(host, node)) === address,
    do: async (host, doing) => {
      doing("restarting pve-cluster");
      await host.change({ what: "restart pve-cluster", undo: "systemctl restart pve-cluster" }, (writer) =>
        must(writer, ["systemctl", "restart", "pve-cluster"]),
      );
      await assertPublished(host, node, address);
      await untilProxmoxAnswers(host);
      if (!renewCertificate) return `publishes ${address}`;
      doing("making a certificate for the new address");
      await host.change(
        { what: "renew the node's certificate", undo: "pvecm updatecerts --force" },
        async (writer) => {
          await must(writer, ["pvecm", "updatecerts", "--force"]);
          await must(writer, ["systemctl", "restart", "pvedaemon", "pveproxy"]);
        },
      );
      return `publishes ${address}, certificate renewed`;
    },
    undo: (host) =>
      host.change({ what: "restart pve-cluster", undo: "systemctl restart pve-cluster" }, (writer) =>
        must(writer, ["systemctl", "restart", "pve-cluster"]),
      ),
  };
}

async function assertPublished(host: Host, node: string, address: string): Promise<void> {
  const published = await poll(20_000, 300, async () => {
    const mounted = parseMembers((await host.text("/etc/pve/.members")) ?? "") !== undefined;
    const seen = await readPublishedAddress(host, node);
    return mounted && seen === address ? seen : undefined;
  });
  if (published !== undefined) return;
  const seen = await readPublishedAddress(host, node);
  throw new UserError(
    "E_NAMES_FAILED",
    `Proxmox publishes ${seen ?? "no address"} for ${node}, not ${address}`,
    {
      likely: "another source of names (nsswitch.conf, cloud-init) answers before /etc/hosts",
      mend: `getent ahosts ${node}; journalctl -u pve-cluster. Then run tailmox up again`,
    },
  );
}

async function must(writer: Writer, argv: Argv): Promise<void> {
  const result = await writer.run(argv, { timeoutMs: 120_000 });
  if (result.exitCode === 0) return;
  throw new UserError("E_NAMES_FAILED", `${argv.join(" ")} failed`, {
    likely: result.stderr.trim().split("\n").slice(-3).join("\n") || "it gave no reason",
    mend: "systemctl status pve-cluster; journalctl -u pve-cluster. Then run tailmox up again",
  });
}
