import type { HostsEntry } from "../cluster/hosts-file.ts";
import { readBlock, withoutBlock } from "../cluster/hosts-file.ts";
import { editTemplate } from "../cluster/hosts-template.ts";
import { HOSTS_TEMPLATE } from "../host/cloud-init.ts";
import type { Host, Reader } from "../host/host.ts";
import type { Step } from "./step.ts";

const BACKUPS = "/var/lib/tailmox/backups";

/** cloud-init writes /etc/hosts anew at each boot: what it writes must say the same. */
export function hostsTemplate({ entries }: { readonly entries: readonly HostsEntry[] }): Step {
  return {
    name: "cloud-init",
    title: `${HOSTS_TEMPLATE}: the same names`,
    why: "cloud-init writes /etc/hosts from it at each boot (manage_etc_hosts)",
    usually: "at once",
    check: async (host) => {
      const text = await host.text(HOSTS_TEMPLATE);
      return text === undefined || text === editTemplate(text, entries);
    },
    do: async (host) => {
      const text = (await host.text(HOSTS_TEMPLATE)) ?? "";
      const backup = `${BACKUPS}/template-${new Date().toISOString().replace(/[:.]/g, "-")}`;
      const change = { what: `edit ${HOSTS_TEMPLATE}`, undo: `cp ${backup} ${HOSTS_TEMPLATE}` };
      await host.change(change, async (writer) => {
        await writer.write(backup, text, 0o600);
        await writer.write(HOSTS_TEMPLATE, editTemplate(text, entries), 0o644);
      });
      return "edited";
    },
    undo: async (host) => {
      const text = await restoredTemplate(host);
      if (text === undefined) return;
      await host.change(
        { what: `take tailmox's lines out of ${HOSTS_TEMPLATE}`, undo: "tailmox up" },
        (writer) => writer.write(HOSTS_TEMPLATE, text, 0o644),
      );
    },
  };
}

/** True when tailmox has lines in the template. */
export async function hasTemplateLines(reader: Pick<Reader, "text">): Promise<boolean> {
  return readBlock((await reader.text(HOSTS_TEMPLATE)) ?? "") !== undefined;
}

/** The saved template where nobody else edited it since; else what is there, without our lines. */
async function restoredTemplate(host: Host): Promise<string | undefined> {
  const now = (await host.text(HOSTS_TEMPLATE)) ?? "";
  const entries = readBlock(now);
  if (!entries) return undefined;
  for (const name of (await host.list(BACKUPS)).filter((each) => each.startsWith("template-")).reverse()) {
    const before = await host.text(`${BACKUPS}/${name}`);
    if (before !== undefined && !readBlock(before) && editTemplate(before, entries) === now) return before;
  }
  return withoutBlock(now);
}
