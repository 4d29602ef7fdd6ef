import type { Finding } from "../../cluster/facts.ts";

/** Members of different major versions: Proxmox means that for the time of an upgrade only. */
export function versionWarnings(own: string, peer: string | undefined): Finding[] {
  if (peer === undefined || major(own) === major(peer)) return [];
  return [
    {
      check: "version",
      what: `Proxmox VE ${peer} there, ${own} here`,
      likely: "one of the two was not upgraded; a cluster of both is meant for the time of an upgrade only",
      mend: "bring the older one up to the same major version when you can",
    },
  ];
}

function major(version: string): string {
  return version.split(".")[0] ?? "";
}
