import { z } from "zod";
import { readText } from "./files.ts";
import type { PveNode } from "./pve-node.ts";

const members = z.object({
  nodename: z.string(),
  version: z.number(),
  cluster: z
    .object({ name: z.string(), version: z.number(), nodes: z.number(), quorate: z.number() })
    .optional(),
  nodelist: z
    .record(z.string(), z.object({ id: z.number(), online: z.number(), ip: z.string().optional() }))
    .optional(),
});
/** /etc/pve/.members (proxmox.md 2). */
export type Members = z.infer<typeof members>;

/** Who is in the cluster, as pmxcfs knows it; without `cluster` when standalone or started without corosync. */
export async function readMembers(node: PveNode): Promise<Members> {
  const text = await readText(node, "/etc/pve/.members");
  return text === undefined ? { nodename: node.name, version: 0 } : members.parse(JSON.parse(text));
}
