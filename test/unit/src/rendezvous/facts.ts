import type { Cluster } from "../../../../src/cluster/facts.ts";
import type { RendezvousFacts } from "../../../../src/rendezvous/facts.ts";

/** A cluster of so many members, all there. */
export function clusterOf(size: number): Cluster {
  const members = Array.from({ length: size }, (_, index) => ({
    name: `pve${index + 1}`,
    id: index + 1,
    link0: `100.64.0.${index + 1}`,
    votes: 1,
    published: `100.64.0.${index + 1}`,
    online: true,
  }));
  return {
    name: "tailmox",
    quorate: true,
    expectedVotes: size,
    presentVotes: size,
    members,
    qdevice: false,
  };
}

/** A standalone host's facts, and what a test changes of them. */
export function factsOf(more: Partial<RendezvousFacts> = {}): RendezvousFacts {
  return { node: "pve1", tailmox: "0.1.0", pve: "9.1.2", place: { kind: "standalone", guests: 0 }, ...more };
}

/** A key of 4096 bits, as pvecm makes it. */
export const ROOT_KEY = `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAACAQ${"Dk7q+/x9".repeat(86)}==`;
