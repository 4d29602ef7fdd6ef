import { isIPv4 } from "node:net";
import type { Reader } from "./host.ts";

/** A server that something of this host needs: a storage, a mount, name resolution. */
export interface RemoteServer {
  /** Such as `storage "nas"`. */
  readonly what: string;
  /** Its name or address. */
  readonly server: string;
}

/** The servers that this host's storages, mounts and resolver name. Changes nothing. */
export async function readRemoteServers(reader: Pick<Reader, "text">): Promise<RemoteServer[]> {
  const [storages, fstab, resolver] = await Promise.all(
    ["/etc/pve/storage.cfg", "/etc/fstab", "/etc/resolv.conf"].map(async (path) => reader.text(path)),
  );
  return [...inStorages(storages ?? ""), ...inFstab(fstab ?? ""), ...inResolver(resolver ?? "")];
}

/** Proxmox's section file: `TYPE: NAME`, then indented properties. */
export function inStorages(text: string): RemoteServer[] {
  let storage = "";
  return text.split("\n").flatMap((line) => {
    const head = /^\w+:\s+(\S+)\s*$/.exec(line);
    if (head) storage = head[1] ?? "";
    const value = /^\s+(?:server2?|portal|monhost)\s+(.+)$/.exec(line)?.[1];
    if (value === undefined) return [];
    const servers = value.split(/[\s,;]+/).filter((word) => word !== "");
    return servers.map((server) => ({ what: `storage "${storage}"`, server: withoutPort(server) }));
  });
}

/** Devices such as `nas:/export` and `//nas/share`. */
export function inFstab(text: string): RemoteServer[] {
  return text.split("\n").flatMap((line) => {
    const [device = "", folder = ""] = line.trim().split(/\s+/);
    if (device.startsWith("#")) return [];
    const server = /^\/\/([^/]+)\//.exec(device)?.[1] ?? /^([^/:=\s]+):\//.exec(device)?.[1];
    return server === undefined ? [] : [{ what: `mount ${folder}`, server }];
  });
}

function inResolver(text: string): RemoteServer[] {
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].flatMap(([, server]) =>
    // MagicDNS itself is what accept-dns puts there.
    server === undefined || server === "100.100.100.100" ? [] : [{ what: "name server", server }],
  );
}

function withoutPort(server: string): string {
  const [host = "", port] = server.split(":");
  return port !== undefined && (isIPv4(host) || /^[\w.-]+$/.test(host)) && /^\d+$/.test(port) ? host : server;
}
