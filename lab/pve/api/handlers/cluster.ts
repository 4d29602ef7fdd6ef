import { hasPrivilege } from "../../access/permissions.ts";
import { PveError } from "../../errors.ts";
import { nodeAddress } from "../../node/addresses.ts";
import { readText, setContents } from "../../node/files.ts";
import { withClusterLock } from "../../node/locks.ts";
import { readMembers } from "../../node/members.ts";
import { parsePropertyString } from "../../params/property-string.ts";
import { endedTasks, runningTasks } from "../../tasks/task-files.ts";
import type { Call, Handlers } from "../call.ts";
import { listGuests } from "../guest-list.ts";
import { taskEntry } from "./tasks.ts";

const DATACENTER = "/etc/pve/datacenter.cfg";
/** Keys of datacenter.cfg whose values are lists of properties, with the name of a first bare value. */
const PROPERTY_LISTS: Readonly<Record<string, string | undefined>> = {
  migration: "type",
  replication: "type",
  "next-id": undefined,
  crs: undefined,
  ha: undefined,
  notify: undefined,
};

export const clusterHandlers: Handlers = {
  "GET /cluster/status": clusterStatus,
  "GET /cluster/nextid": nextId,
  "GET /cluster/options": async ({ node, config, who }) => {
    const options = parseDatacenter((await readText(node, DATACENTER)) ?? "");
    // Without Sys.Audit only what every dialog needs is shown.
    return hasPrivilege(config, who, "/", "Sys.Audit") ? options : {};
  },
  "PUT /cluster/options": setOptions,
  "GET /cluster/tasks": async ({ node }) =>
    [...(await runningTasks(node)), ...(await endedTasks(node))].slice(0, 25).map(taskEntry),
  "GET /cluster/replication": async () => [],
  "GET /cluster/backup": async () => [],
};

/** All numbers here are numbers; a clustered node whose pmxcfs started alone answers as a standalone one. */
async function clusterStatus({ node }: Call): Promise<unknown> {
  const { cluster, nodelist } = await readMembers(node);
  if (!cluster || !nodelist) {
    const ip = await nodeAddress(node.name).catch(() => undefined);
    const own = {
      type: "node",
      id: `node/${node.name}`,
      name: node.name,
      local: 1,
      nodeid: 0,
      online: 1,
      level: "",
    };
    return [ip === undefined ? own : { ...own, ip }];
  }
  const members = Object.entries(nodelist).map(([name, member]) => ({
    type: "node",
    id: `node/${name}`,
    name,
    ...(member.ip !== undefined && { ip: member.ip }),
    local: name === node.name ? 1 : 0,
    nodeid: member.id,
    online: member.online,
    level: "",
  }));
  return [{ type: "cluster", id: "cluster", ...cluster }, ...members];
}

/** The lowest free number of the range of datacenter.cfg; a given one is only checked. */
async function nextId({ node, params }: Call): Promise<number> {
  const taken = new Set((await listGuests(node)).map((guest) => guest.vmid));
  if (params.vmid !== undefined) {
    const vmid = Number(params.vmid);
    if (taken.has(vmid)) {
      const reason = `VM ${vmid} already exists`;
      throw new PveError("Parameter verification failed.", { status: 400, errors: { vmid: reason } });
    }
    return vmid;
  }
  const range = parseDatacenter((await readText(node, DATACENTER)) ?? "")["next-id"];
  const { lower = "100", upper = "1000000" } = typeof range === "object" ? range : {};
  for (let id = Number(lower); id < Number(upper); id++) if (!taken.has(id)) return id;
  throw new PveError(`unable to get any free VMID in range [${lower}, ${upper}]`);
}

async function setOptions({ node, params }: Call): Promise<null> {
  const { delete: removed, ...given } = params;
  await withClusterLock(node, "file-datacenter_cfg", async () => {
    const lines = datacenterLines((await readText(node, DATACENTER)) ?? "");
    for (const name of String(removed ?? "").split(/[,;\s]+/)) lines.delete(name);
    for (const [name, value] of Object.entries(given))
      if (value !== undefined) lines.set(name, String(value));
    const text = [...lines]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}: ${value}\n`);
    await setContents(node, DATACENTER, text.join(""));
  });
  return null;
}

function parseDatacenter(text: string): Record<string, string | Record<string, string>> {
  return Object.fromEntries(
    [...datacenterLines(text)].map(([name, value]) => [
      name,
      name in PROPERTY_LISTS ? parsePropertyString(value, PROPERTY_LISTS[name]) : value,
    ]),
  );
}

function datacenterLines(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const [, name, value] = /^([a-z_-]+):\s*(.*?)\s*$/.exec(line) ?? [];
      return name && value ? [[name, value]] : [];
    }),
  );
}
