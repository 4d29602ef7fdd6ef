import { readUserConfig } from "../access/authenticate.ts";
import { assertPrivileges, type Identity } from "../access/permissions.ts";
import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";
import { verifyParams } from "../params/verify.ts";
import type { Call } from "./call.ts";
import { HANDLERS } from "./handlers.ts";
import { type ApiMethod, findMethod } from "./schema.ts";

export interface Asked {
  readonly verb: string;
  readonly path: string;
  readonly given: Readonly<Record<string, unknown>>;
  /** Absent for calls that need no login. */
  readonly who: Identity | undefined;
  readonly startTask: Call["startTask"];
}

/** The published call behind a path, or 501 (proxmox.md 5.2). */
export function mustFindMethod(verb: string, path: string): ApiMethod {
  const method = findMethod(verb, path);
  if (method) return method;
  throw new PveError(`Method '${verb} ${path}' not implemented`, { status: 501 });
}

/** Checks a call against Proxmox's schema - parameters, then rights - and runs it on this node. */
export async function execute(node: PveNode, method: ApiMethod, asked: Asked): Promise<unknown> {
  const handler = HANDLERS[`${method.verb} ${method.path}`];
  if (!handler) throw new PveError(`Method '${asked.verb} ${asked.path}' not implemented`, { status: 501 });
  const params = verifyParams({ ...asked.given, ...method.pathParams }, parametersFor(node, method));
  const config = await readUserConfig(node);
  const who = asked.who ?? { authuser: "", user: "" };
  assertAllowed(config, method, who, params);
  return await handler({ node, params, who, config, startTask: asked.startTask });
}

/** true for the calls that anybody may make. */
export function needsNoLogin(method: ApiMethod): boolean {
  return method.permissions?.user === "world";
}

function assertAllowed(
  config: Call["config"],
  { permissions, allowToken }: ApiMethod,
  who: Identity,
  params: Call["params"],
): void {
  const isToken = who.authuser !== who.user;
  if (isToken && !allowToken)
    throw new PveError("API token not allowed to access this endpoint", { status: 403 });
  // Without a rule a call is root's alone, and a token of root's is not root (proxmox.md 5.1).
  if (!permissions) {
    if (who.authuser !== "root@pam")
      throw new PveError("Permission check failed (user != root@pam)", { status: 403 });
    return;
  }
  if (permissions.user === "world" || permissions.user === "all") return;
  if (permissions.check) {
    const [, template, privileges] = permissions.check;
    const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => String(params[name] ?? ""));
    assertPrivileges(config, who, path, privileges);
  }
}

/** `token-coefficient` came with pve-cluster 9.1.0. */
function parametersFor(node: PveNode, method: ApiMethod): ApiMethod["parameters"] {
  if (atLeast(node.release.pveCluster, "9.1.0")) return method.parameters;
  const { "token-coefficient": _later, ...older } = method.parameters;
  return older;
}
