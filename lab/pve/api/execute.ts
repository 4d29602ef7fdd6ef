import { readUserConfig } from "../access/authenticate.ts";
import { assertPrivileges, hasPrivilege, type Identity } from "../access/permissions.ts";
import { PveError } from "../errors.ts";
import type { PveNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";
import { verifyParams } from "../params/verify.ts";
import type { Call } from "./call.ts";
import { HANDLERS } from "./handlers.ts";
import { type ApiMethod, asCheck, type Check, findMethod, permCheck } from "./schema.ts";

export interface Asked {
  readonly verb: string;
  readonly path: string;
  readonly given: Readonly<Record<string, unknown>>;
  /** Absent for calls that need no login. */
  readonly who: Identity | undefined;
  readonly startTask: Call["startTask"];
  /** Where a call that is no task says what it does; nowhere unless given. */
  readonly print?: (text: string) => void;
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
  const print = asked.print ?? (() => undefined);
  const output = { print, warn: (text: string) => print(`WARN: ${text}\n`) };
  return await handler({ node, params, who, config, output, startTask: asked.startTask });
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
  if (permissions.check) assertCheck(config, permissions.check, who, params);
}

/** `perm`: rights on a path, all of them or with `any` one; `and`, `or` of such. */
function assertCheck(config: Call["config"], check: Check, who: Identity, params: Call["params"]): void {
  if (check[0] === "and") {
    for (const each of check.slice(1)) assertCheck(config, asCheck(each), who, params);
    return;
  }
  if (check[0] === "or") {
    const failures = check
      .slice(1)
      .map((each) => refusal(() => assertCheck(config, asCheck(each), who, params)));
    const [first] = failures;
    if (first !== undefined && failures.every((failure) => failure !== undefined)) throw first;
    return;
  }
  const [, template, privileges, ...more] = permCheck.parse(check);
  const needed = more[more.indexOf("require_param") + 1];
  if (more.includes("require_param") && params[String(needed)] === undefined) return;
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => String(params[name] ?? ""));
  const any = more.includes("any") && privileges.some((each) => hasPrivilege(config, who, path, each));
  if (!any) assertPrivileges(config, who, path, privileges);
}

function refusal(assertion: () => void): unknown {
  try {
    assertion();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** `token-coefficient` came with pve-cluster 9.1.0. */
function parametersFor(node: PveNode, method: ApiMethod): ApiMethod["parameters"] {
  if (atLeast(node.release.pveCluster, "9.1.0")) return method.parameters;
  const { "token-coefficient": _later, ...older } = method.parameters;
  return older;
}
