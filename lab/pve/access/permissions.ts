import { PveError } from "../errors.ts";
import type { UserConfig } from "./user-config.ts";

/** Who calls: a user, or one of a user's API tokens (`authuser` is then `USER!TOKEN`). */
export interface Identity {
  readonly authuser: string;
  readonly user: string;
}

/** Throws 403 `Permission check failed (PATH, PRIVILEGE)` unless the caller has all of the privileges there. */
export function assertPrivileges(
  config: UserConfig,
  who: Identity,
  path: string,
  privileges: readonly string[],
): void {
  const held = privilegesAt(config, who, path);
  const missing = privileges.find((privilege) => !held.has(privilege));
  if (missing === undefined) return;
  throw new PveError(`Permission check failed (${path}, ${privileges.join("|")})`, { status: 403 });
}

/** true when the caller has the privilege there. */
export function hasPrivilege(config: UserConfig, who: Identity, path: string, privilege: string): boolean {
  return privilegesAt(config, who, path).has(privilege);
}

/** All privileges of the caller on a path. A token with separated rights has at most its user's. */
export function privilegesAt(config: UserConfig, who: Identity, path: string): ReadonlySet<string> {
  const ofUser = privilegesOf(config, who.user, path);
  if (who.authuser === who.user || config.tokens.get(who.authuser)?.privsep === false) return ofUser;
  const ofToken = privilegesOf(config, who.authuser, path);
  return new Set([...ofToken].filter((privilege) => ofUser.has(privilege)));
}

function privilegesOf(config: UserConfig, subject: string, path: string): Set<string> {
  if (subject === "root@pam") return new Set(ALL);
  const groups = [...config.groups]
    .filter(([, users]) => users.includes(subject))
    .map(([name]) => `@${name}`);
  // The deepest level with a rule for the subject counts; a rule for itself beats one for its groups.
  for (const level of levels(path)) {
    const rules = config.acl.filter((rule) => rule.path === level && (rule.propagate || level === path));
    const own = rules.filter((rule) => rule.subject === subject);
    const counted = own.length > 0 ? own : rules.filter((rule) => groups.includes(rule.subject));
    if (counted.length > 0) return new Set(counted.flatMap((rule) => privilegesOfRole(config, rule.role)));
  }
  return new Set();
}

/** `/nodes/pve1` -> `/nodes/pve1`, `/nodes`, `/`. */
function levels(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`), "/"];
}

function privilegesOfRole(config: UserConfig, role: string): readonly string[] {
  return BUILT_IN[role] ?? config.roles.get(role) ?? [];
}

const AUDIT = ["Sys.Audit", "VM.Audit", "Datastore.Audit", "Pool.Audit", "SDN.Audit", "Mapping.Audit"];
const ALL = [
  ...AUDIT,
  ...["Sys.Console", "Sys.Modify", "Sys.PowerMgmt", "Sys.Syslog", "Sys.Incoming", "Sys.AccessNetwork"],
  ...["VM.Allocate", "VM.Backup", "VM.Clone", "VM.Console", "VM.Migrate", "VM.PowerMgmt", "VM.Snapshot"],
  ...["VM.Snapshot.Rollback", "VM.Config.Options", "VM.Config.Disk", "VM.Config.CPU", "VM.Config.Memory"],
  ...["VM.Config.CDROM", "VM.Config.HWType", "VM.Config.Cloudinit"],
  ...["VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"],
  ...["VM.Config.Network", "Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate"],
  ...["Pool.Allocate", "User.Modify", "Group.Allocate", "Realm.Allocate", "Permissions.Modify"],
];

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  Administrator: ALL,
  PVEAdmin: ALL.filter(
    (privilege) => !["Sys.Modify", "Sys.PowerMgmt", "Permissions.Modify"].includes(privilege),
  ),
  PVEAuditor: AUDIT,
  PVESysAdmin: ALL.filter((privilege) => privilege.startsWith("Sys.")),
  NoAccess: [],
};
