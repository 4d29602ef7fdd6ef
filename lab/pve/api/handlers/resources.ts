import { hasPrivilege } from "../../access/permissions.ts";
import { ownStates, toldStates } from "../../guests/told-states.ts";
import { LOAD_KEY, type Load, measureLoad, parseLoad } from "../../node/load.ts";
import { readMembers } from "../../node/members.ts";
import type { PveNode } from "../../node/pve-node.ts";
import { servedFingerprint } from "../../node/served-certificate.ts";
import { readStorages } from "../../storage/storages.ts";
import type { Call, Handlers } from "../call.ts";
import { listGuests } from "../guest-list.ts";

export const resourceHandlers: Handlers = {
  "GET /nodes": async ({ node, who, config }) => {
    const entries = await nodeEntries(node);
    return await Promise.all(
      entries.map(async ({ load, ...entry }) => ({
        ...entry,
        ssl_fingerprint: await servedFingerprint(node, entry.node).catch(() => ""),
        // Without the right to audit a node its figures stay hidden.
        ...(hasPrivilege(config, who, `/nodes/${entry.node}`, "Sys.Audit") && load),
      })),
    );
  },
  "GET /cluster/resources": clusterResources,
};

interface NodeEntry {
  readonly node: string;
  readonly id: string;
  readonly type: "node";
  readonly status: "online" | "offline" | "unknown";
  readonly level: string;
  readonly load: Load | undefined;
}

async function clusterResources({ node, params, who, config }: Call): Promise<unknown> {
  const sees = (path: string, privilege: string) => hasPrivilege(config, who, path, privilege);
  const wanted = (type: string) => params.type === undefined || params.type === type;
  const nodes = await nodeEntries(node);
  const online = new Set(nodes.flatMap((entry) => (entry.status === "online" ? [entry.node] : [])));
  const resources: object[] = [];
  if (wanted("vm")) {
    const own = await ownStates(node);
    const values = await node.pmxcfs.values().catch(() => undefined);
    for (const { cpus, ...guest } of (await listGuests(node)).filter(({ vmid }) =>
      sees(`/vms/${vmid}`, "VM.Audit"),
    )) {
      const id = `${guest.type}/${guest.vmid}`;
      const states = guest.node === node.name ? own : toldStates(values, guest.node);
      const told = guest.type === "lxc" ? "stopped" : (states[guest.vmid] ?? "unknown");
      const status = online.has(guest.node) ? told : "unknown";
      resources.push({ ...guest, id, status, template: guest.template ? 1 : 0, maxcpu: cpus });
    }
  }
  if (wanted("node")) {
    resources.push(
      ...nodes.map(({ load, ...entry }) => ({
        ...entry,
        ...(sees(`/nodes/${entry.node}`, "Sys.Audit") && load),
      })),
    );
  }
  if (wanted("storage")) {
    for (const { storage, type, content } of await readStorages(node)) {
      if (!sees(`/storage/${storage}`, "Datastore.Audit")) continue;
      for (const { node: name } of nodes) {
        const status = online.has(name) ? "available" : "unknown";
        resources.push({
          id: `storage/${name}/${storage}`,
          type: "storage",
          node: name,
          storage,
          status,
          plugintype: type,
          content: content ?? "images",
        });
      }
    }
  }
  return resources;
}

/** All nodes that /etc/pve knows as members, with what they told of themselves. */
async function nodeEntries(node: PveNode): Promise<NodeEntry[]> {
  const { nodelist } = await readMembers(node);
  const values = await node.pmxcfs.values().catch(() => undefined);
  const members = nodelist ?? { [node.name]: { online: 1 } };
  return await Promise.all(
    Object.entries(members).map(async ([name, { online }]): Promise<NodeEntry> => {
      const told = parseLoad(values?.[name]?.[LOAD_KEY]);
      const load = name === node.name ? (told ?? (await measureLoad())) : told;
      const status = online ? (load ? "online" : "unknown") : "offline";
      return {
        node: name,
        id: `node/${name}`,
        type: "node",
        status,
        level: "",
        load: online ? load : undefined,
      };
    }),
  );
}
