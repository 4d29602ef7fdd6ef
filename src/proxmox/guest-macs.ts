import type { Reader } from "../host/host.ts";

/** The network cards of a node's guests: each MAC in lower case, with the guest in words. */
export async function readGuestMacs(reader: Reader, node: string): Promise<Map<string, string>> {
  const folders = ["qemu-server", "lxc"].map((kind) => `/etc/pve/nodes/${node}/${kind}`);
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = (await reader.list(folder)).filter((name) => /^\d+\.conf$/.test(name));
      return Promise.all(
        names.map(async (name) =>
          parseGuest(name.slice(0, -5), (await reader.text(`${folder}/${name}`)) ?? ""),
        ),
      );
    }),
  );
  return new Map(found.flat(2));
}

/** MACs in a guest's configuration, without those of its snapshots, which stand in sections below. */
export function parseGuest(id: string, text: string): [string, string][] {
  const current = text.split(/^\[/m)[0] ?? "";
  const name = /^(?:name|hostname):[ \t]*(\S+)/m.exec(current)?.[1];
  const words = name === undefined ? `guest ${id}` : `guest ${id} (${name})`;
  const cards = [...current.matchAll(/^net\d+:.*$/gm)].map(([line]) => line);
  const macs = cards.flatMap((line) => line.match(/[0-9a-f]{2}(?::[0-9a-f]{2}){5}/gi) ?? []);
  return macs.map((mac) => [mac.toLowerCase(), words]);
}
