import type { Obstacle } from "../../cluster/facts.ts";

/** A host by its tailnet name and, where it told, its node name. */
export interface Named {
  readonly name: string;
  readonly address: string;
  readonly node: string | undefined;
}

/**
 * The others of the same node name or address: what a clone does. Node names are compared as DNS does, since
 * /etc/hosts does not tell PVE1 from pve1.
 */
export function nameObstacles(one: Named, others: readonly Named[]): Obstacle[] {
  const common = { check: "name", code: "E_SAME_NAME" } as const;
  return others.flatMap((other): Obstacle[] => {
    if (other.address === one.address) {
      return [
        {
          ...common,
          what: `it has the address of ${other.name}, ${one.address}`,
          likely: "one was cloned from the other with its /var/lib/tailscale",
          mend: "on the clone: tailscale logout, then tailmox up",
        },
      ];
    }
    if (one.node === undefined || one.node.toLowerCase() !== other.node?.toLowerCase()) return [];
    return [
      {
        ...common,
        what: `its node name is ${one.node}, as that of ${other.name} (${other.address})`,
        likely: "one was cloned from the other, or both kept the installer's name",
        mend: "rename one before it is clustered: https://pve.proxmox.com/wiki/Renaming_a_PVE_node",
      },
    ];
  });
}
