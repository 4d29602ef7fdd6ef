import { isIPv4 } from "node:net";
import type { HostsEntry } from "../cluster/hosts-file.ts";
import { UserError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { inStorages, type RemoteServer } from "../host/remote-servers.ts";
import type { Company, UpOptions } from "./options.ts";

/**
 * A storage that names a node by its name goes another way once that name is the tailnet's: it is told, and asked
 * about. Throws E_RISK where nobody agrees. Changes nothing.
 */
export async function askAboutStorageNames(
  host: Host,
  entries: readonly HostsEntry[],
  options: Pick<UpOptions, "acceptRisks" | "dryRun" | "yes">,
  { talk, ask }: Company,
): Promise<void> {
  const moved = await movedStorages(host, entries);
  for (const words of moved) talk.note(`!! ${words}.`);
  if (moved.length === 0 || options.dryRun || options.acceptRisks.includes("storage-name")) return;
  if (ask && !options.yes && (await ask.goOn("Shall it go through the tailnet from now on?"))) return;
  throw new UserError("E_RISK", "this needs your word for a risk by name: storage-name", {
    likely: moved.join("; "),
    mend: "write an address, or NODE.lan, into /etc/pve/storage.cfg; or: --accept-risk storage-name",
  });
}

/** In words, the storages whose server is one of these names and resolves elsewhere now. */
async function movedStorages(host: Host, entries: readonly HostsEntry[]): Promise<string[]> {
  const storages = inStorages((await host.text("/etc/pve/storage.cfg")) ?? "");
  const found = await Promise.all(
    storages.map(async ({ what, server }: RemoteServer) => {
      const entry = entries.find(({ name }) => isNameOf(server, name));
      if (!entry) return [];
      const { stdout } = await host.run(["getent", "ahosts", server], { timeoutMs: 10_000 });
      const now = stdout.split(/\s+/).find(isIPv4);
      if (now === undefined || now === entry.address) return [];
      return [`${what} is reached by the name ${server}: now ${now}, then ${entry.address} in the tailnet`];
    }),
  );
  return found.flat();
}

/** pve1 and pve1.example.lan; pve1.lan stays the LAN's. */
function isNameOf(server: string, name: string): boolean {
  const [word, short] = [server.toLowerCase(), name.toLowerCase()];
  return word === short || (word.startsWith(`${short}.`) && word !== `${short}.lan`);
}
