import { CSRF_KEY, TICKET_PUBLIC_KEY } from "../cluster/node-files.ts";
import { PveError } from "../errors.ts";
import { readText } from "../node/files.ts";
import type { PveNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";
import type { Identity } from "./permissions.ts";
import { verifyCsrfToken, verifyTicket } from "./tickets.ts";
import { parseUserConfig, type UserConfig } from "./user-config.ts";

export interface Credentials {
  readonly method: string;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  readonly csrf: string | undefined;
}

/** Who calls, by ticket or API token; 401 with the words of proxmox.md 5.2. */
export async function authenticate(node: PveNode, given: Credentials): Promise<Identity> {
  const config = await readUserConfig(node);
  const token = /^PVEAPIToken=(.*)$/.exec(given.authorization ?? "")?.[1];
  return token === undefined ? await byTicket(node, config, given) : await byToken(node, config, token);
}

/** user.cfg of the cluster. */
export async function readUserConfig(node: PveNode): Promise<UserConfig> {
  return parseUserConfig((await readText(node, "/etc/pve/user.cfg")) ?? "");
}

async function byTicket(node: PveNode, config: UserConfig, given: Credentials): Promise<Identity> {
  const cookie = /(?:^|;\s*)PVEAuthCookie=([^;]*)/.exec(given.cookie ?? "")?.[1];
  if (!cookie) throw new PveError("No ticket", { status: 401 });
  const key = (await readText(node, TICKET_PUBLIC_KEY)) ?? "";
  const user = key && verifyTicket(decode(cookie), key, now());
  if (!user) throw refusal(node, "permission denied - invalid PVE ticket");
  assertUser(node, config, user);
  if (given.method !== "GET") {
    const secret = (await readText(node, CSRF_KEY)) ?? "";
    if (!secret || !verifyCsrfToken(given.csrf ?? "", user, secret, now())) {
      throw new PveError("Permission denied - invalid csrf token", { status: 401 });
    }
  }
  return { authuser: user, user };
}

async function byToken(node: PveNode, config: UserConfig, text: string): Promise<Identity> {
  const [, name = "", user = "", value = ""] = /^(([^!\s]+@[^!\s]+)![^=\s]+)=(\S+)$/.exec(text) ?? [];
  assertUser(node, config, user);
  const token = config.tokens.get(name);
  if (!token) throw refusal(node, `no such token '${name.slice(user.length + 1)}' for user '${user}'`);
  if (token.expire > 0 && token.expire < now()) throw refusal(node, "token expired, access denied");
  const secrets = (await readText(node, "/etc/pve/priv/token.cfg")) ?? "";
  if (!secrets.split("\n").includes(`${name} ${value}`)) throw refusal(node, "invalid token value!");
  return { authuser: name, user };
}

function assertUser(node: PveNode, config: UserConfig, user: string): void {
  const entry = config.users.get(user);
  if (!entry) throw refusal(node, `no such user ('${user}')`);
  if (!entry.enabled || (entry.expire > 0 && entry.expire < now()))
    throw refusal(node, "user account disabled or expired");
}

/** Newer versions say one thing for every bad ticket and token (proxmox.md 0). */
function refusal(node: PveNode, old: string): PveError {
  const newer = atLeast(node.release.pveManager, "9.1.5");
  return new PveError(newer ? "Authentication failed!" : old, { status: 401 });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
