import type { ImageFile } from "../images/recipe.ts";
import type { Release } from "./node/release.ts";

/**
 * Proxmox's packages as dpkg knows them, so that `dpkg-query -W -f '${Version}' pve-cluster` answers as on a
 * real host (proxmox.md 0): entries of its database, without files of their own.
 */
export function packageFiles(release: Release): ImageFile[] {
  const packages: Readonly<Record<string, string>> = {
    "libpve-http-server-perl": release.httpServer,
    "proxmox-ve": release.proxmoxVe,
    "pve-cluster": release.pveCluster,
    "pve-manager": release.pveManager,
  };
  return [
    {
      path: "/var/lib/dpkg/status",
      append: Object.entries(packages)
        .map(([name, version]) => statusEntry(name, version))
        .join(""),
    },
    ...Object.keys(packages).map((name) => ({ path: `/var/lib/dpkg/info/${name}.list`, content: "/.\n" })),
  ];
}

function statusEntry(name: string, version: string): string {
  return `Package: ${name}
Status: install ok installed
Priority: optional
Section: admin
Maintainer: Lab <lab@example.invalid>
Architecture: all
Version: ${version}
Description: part of Proxmox VE, played by a lab's stand-in

`;
}
