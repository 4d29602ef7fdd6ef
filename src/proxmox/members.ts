import { z } from "zod";
import { parseJson } from "../host/json.ts";

/** `/etc/pve/.members`: what this node's pmxcfs knows of the others. */
export interface Members {
  readonly nodeName: string;
  /** Absent when standalone, or when pmxcfs started while corosync could not run. */
  readonly cluster: { readonly name: string; readonly quorate: boolean } | undefined;
  readonly nodes: ReadonlyMap<
    string,
    { readonly id: number; readonly online: boolean; readonly ip?: string }
  >;
}

/** Reads the text of .members; undefined when it is something else. Source: proxmox.md 2. */
export function parseMembers(text: string): Members | undefined {
  const parsed = membersJson.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { nodename, cluster, nodelist } = parsed.data;
  return {
    nodeName: nodename,
    cluster: cluster && { name: cluster.name, quorate: cluster.quorate === 1 },
    nodes: new Map(
      Object.entries(nodelist ?? {}).map(([name, { id, online, ip }]) => [
        name,
        { id, online: online === 1, ...(ip !== undefined && { ip }) },
      ]),
    ),
  };
}

const membersJson = z.object({
  nodename: z.string(),
  cluster: z.object({ name: z.string(), quorate: z.number() }).optional(),
  nodelist: z
    .record(z.string(), z.object({ id: z.number(), online: z.number(), ip: z.string().optional() }))
    .optional(),
});
