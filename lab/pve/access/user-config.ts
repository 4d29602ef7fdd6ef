/** user.cfg: users, tokens, groups, roles and rights (pve-access-control, AccessControl.pm). */
export interface UserConfig {
  readonly users: ReadonlyMap<string, { readonly enabled: boolean; readonly expire: number }>;
  /** By full name, `USER!TOKEN`. */
  readonly tokens: ReadonlyMap<string, { readonly expire: number; readonly privsep: boolean }>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
  readonly acl: readonly Rule[];
}

export interface Rule {
  readonly path: string;
  readonly propagate: boolean;
  /** A user, a token, or `@GROUP`. */
  readonly subject: string;
  readonly role: string;
}

/** Reads user.cfg; lines that make no sense are skipped, as Proxmox does. root@pam always exists. */
export function parseUserConfig(text: string): UserConfig {
  const users = new Map([["root@pam", { enabled: true, expire: 0 }]]);
  const tokens = new Map<string, { expire: number; privsep: boolean }>();
  const groups = new Map<string, readonly string[]>();
  const roles = new Map<string, readonly string[]>();
  const acl: Rule[] = [];
  for (const line of text.split("\n")) {
    const [kind, ...fields] = line.trim().split(":");
    const [first = "", second = "", third = "", fourth = ""] = fields;
    if (kind === "user") users.set(first, { enabled: second === "1", expire: Number(third) });
    if (kind === "token") tokens.set(first, { expire: Number(second), privsep: third === "1" });
    if (kind === "group") groups.set(first, list(second));
    if (kind === "role") roles.set(first, list(second));
    if (kind === "acl") {
      for (const subject of list(third)) {
        for (const role of list(fourth)) acl.push({ path: second, propagate: first === "1", subject, role });
      }
    }
  }
  return { users, tokens, groups, roles, acl };
}

function list(text: string): string[] {
  return text.split(/[,;\s]+/).filter((entry) => entry !== "");
}
