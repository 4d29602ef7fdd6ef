import { assertPassword } from "../../access/password.ts";
import { privilegesAt } from "../../access/permissions.ts";
import { csrfToken, signTicket, verifyTicket } from "../../access/tickets.ts";
import { readClusterConf } from "../../cluster/config-file.ts";
import { valueAt } from "../../cluster/corosync-conf.ts";
import { CSRF_KEY, TICKET_KEY, TICKET_PUBLIC_KEY } from "../../cluster/node-files.ts";
import { PveError } from "../../errors.ts";
import { readText } from "../../node/files.ts";
import type { Call, Handlers } from "../call.ts";

export const accessHandlers: Handlers = {
  "GET /access/ticket": async () => null,
  "POST /access/ticket": login,
  "GET /access/permissions": async (call) => {
    const paths =
      call.params.path === undefined ? ["/", "/nodes", "/storage", "/vms"] : [String(call.params.path)];
    return Object.fromEntries(paths.map((path) => [path, rights(call, path)]));
  },
};

/** A password, or a ticket that is still good in its place, gives a new ticket (proxmox.md 5.1). */
async function login({ node, params, config }: Call): Promise<unknown> {
  const given = String(params.username);
  const user = given.includes("@") ? given : `${given}@${params.realm ?? "pam"}`;
  const password = String(params.password);
  const now = Math.floor(Date.now() / 1000);
  const publicKey = (await readText(node, TICKET_PUBLIC_KEY)) ?? "";
  const entry = config.users.get(user);
  const active = entry?.enabled && (entry.expire === 0 || entry.expire > now);
  if (!active) throw new PveError("authentication failure", { status: 401 });
  const renewed = password.startsWith("PVE:") && verifyTicket(password, publicKey, now) === user;
  if (!renewed) await assertPassword(node, user, password);
  const privateKey = await readText(node, TICKET_KEY);
  const secret = await readText(node, CSRF_KEY);
  if (!privateKey || !secret)
    throw new PveError(`unable to read file '${TICKET_KEY}' - No such file or directory`);
  const conf = await readClusterConf(node);
  const clustername = conf && valueAt(conf, "totem", "cluster_name");
  const who = { authuser: user, user };
  const capabilities = {
    access: "/access",
    dc: "/",
    nodes: "/nodes",
    sdn: "/sdn",
    storage: "/storage",
    vms: "/vms",
  };
  return {
    username: user,
    ticket: signTicket(user, privateKey, now),
    CSRFPreventionToken: csrfToken(user, secret, now),
    ...(clustername !== undefined && { clustername }),
    cap: Object.fromEntries(
      Object.entries(capabilities).map(([name, path]) => [name, asMap(privilegesAt(config, who, path))]),
    ),
  };
}

function rights(call: Call, path: string): Record<string, number> {
  return asMap(privilegesAt(call.config, call.who, path));
}

function asMap(privileges: ReadonlySet<string>): Record<string, number> {
  return Object.fromEntries([...privileges].map((privilege) => [privilege, 1]));
}
