import { resolveIn } from "../cluster/hosts-file.ts";
import { undoHosts } from "../cluster/hosts-undo.ts";
import { UserError } from "../errors.ts";
import type { Reader } from "../host/host.ts";
import type { Step } from "./step.ts";

const HOSTS = "/etc/hosts";
const BACKUPS = "/var/lib/tailmox/backups";

/** What /etc/hosts becomes, and the address that the node's name has then. */
export interface RestoredHosts {
  readonly text: string;
  readonly address: string;
}

/** undefined when tailmox has no lines there. Throws E_UNDO_HOSTS when the node's name would be nowhere after it. */
export async function planRestoredHosts(reader: Reader, node: string): Promise<RestoredHosts | undefined> {
  const now = (await reader.text(HOSTS)) ?? "";
  const text = undoHosts(now, (await savedHosts(reader)) ?? "");
  if (text === undefined) return undefined;
  const [address] = resolveIn(text, node);
  if (address !== undefined) return { text, address };
  throw new UserError(
    "E_UNDO_HOSTS",
    `without tailmox's lines in ${HOSTS} the name ${node} would be nowhere`,
    {
      likely: `the file was edited since, and no saved one in ${BACKUPS} knows its address`,
      mend: `put a line "ADDRESS ${node}" into ${HOSTS}, then run tailmox undo again`,
    },
  );
}

/** The last one that was saved before tailmox had lines in it. */
async function savedHosts(reader: Reader): Promise<string | undefined> {
  const names = (await reader.list(BACKUPS)).filter((name) => name.startsWith("hosts-"));
  for (const name of names.reverse()) {
    const text = await reader.text(`${BACKUPS}/${name}`);
    if (text !== undefined && !text.includes("# BEGIN tailmox")) return text;
  }
  return undefined;
}

export function restoreHosts(node: string, { text, address }: RestoredHosts): Step {
  return {
    name: "hosts file",
    title: `${HOSTS}: ${node} -> ${address} again, tailmox's lines away`,
    usually: "at once",
    check: async (host) => (await host.text(HOSTS)) === text,
    do: async (host) => {
      await host.change({ what: `take tailmox's lines out of ${HOSTS}`, undo: "tailmox up" }, (writer) =>
        writer.write(HOSTS, text, 0o644),
      );
      return `${node} is ${address}`;
    },
    undo: async () => {},
  };
}
