import { describe, expect, test } from "bun:test";
import { assertPrivileges, hasPrivilege } from "../../../lab/pve/access/permissions.ts";
import { parseUserConfig } from "../../../lab/pve/access/user-config.ts";
import { accessList } from "../../../lab/pve/http/access-list.ts";

const config = parseUserConfig(`user:root@pam:1:0:::::
user:audit@pve:1:0:::::
user:op@pve:1:0:::::
user:gone@pve:0:0:::::
token:root@pam!full:0:0::
token:root@pam!narrow:0:1::
token:audit@pve!t:0:0::
group:ops:op@pve::
role:Power:Sys.PowerMgmt,Sys.Audit:
acl:1:/:audit@pve:PVEAuditor:
acl:1:/nodes:@ops:Power:
acl:1:/nodes/pve2:op@pve:NoAccess:
acl:1:/nodes/pve1:root@pam!narrow:PVEAuditor:
acl:0:/storage:op@pve:PVEAuditor:
`);
const user = (name: string) => ({ authuser: name, user: name });
const token = (name: string) => ({ authuser: name, user: name.split("!")[0] ?? "" });

describe("rights", () => {
  test("root has all, and a token of root's without separation too", () => {
    expect(hasPrivilege(config, user("root@pam"), "/nodes/pve1", "Sys.Modify")).toBe(true);
    expect(hasPrivilege(config, token("root@pam!full"), "/", "Sys.Modify")).toBe(true);
  });

  test("a separated token has what was given to it, and no more", () => {
    expect(hasPrivilege(config, token("root@pam!narrow"), "/nodes/pve1", "Sys.Audit")).toBe(true);
    expect(hasPrivilege(config, token("root@pam!narrow"), "/", "Sys.Audit")).toBe(false);
    expect(hasPrivilege(config, token("audit@pve!t"), "/", "Sys.Audit")).toBe(true);
  });

  test("go down the tree, through groups, until a deeper rule", () => {
    expect(hasPrivilege(config, user("op@pve"), "/nodes/pve1", "Sys.PowerMgmt")).toBe(true);
    expect(hasPrivilege(config, user("op@pve"), "/nodes/pve2", "Sys.PowerMgmt")).toBe(false);
    expect(hasPrivilege(config, user("op@pve"), "/", "Sys.Audit")).toBe(false);
    expect(hasPrivilege(config, user("op@pve"), "/storage", "Datastore.Audit")).toBe(true);
    expect(hasPrivilege(config, user("op@pve"), "/storage/local", "Datastore.Audit")).toBe(false);
  });

  test("are named when they are missing", () => {
    expect(() => assertPrivileges(config, user("op@pve"), "/", ["Sys.Audit"])).toThrow(
      "Permission check failed (/, Sys.Audit)",
    );
  });
});

describe("who may talk to pveproxy", () => {
  test.each([
    [{}, "10.0.0.1", true],
    [{ POLICY: "deny" }, "10.0.0.1", false],
    [{ DENY_FROM: "10.0.0.0/8" }, "::ffff:10.0.0.1", false],
    [{ DENY_FROM: "all", ALLOW_FROM: "100.64.0.0/10" }, "100.64.0.9", true],
    [{ DENY_FROM: "all", ALLOW_FROM: "100.64.0.0/10", POLICY: "deny" }, "100.64.0.9", false],
    [{ POLICY: "deny", ALLOW_FROM: "10.0.0.1-10.0.0.5,fd7a::/16" }, "10.0.0.4", true],
    [{ POLICY: "deny", ALLOW_FROM: "10.0.0.1-10.0.0.5,fd7a::/16" }, "fd7a::1", true],
    [{ POLICY: "deny", ALLOW_FROM: "10.0.0.1-10.0.0.5" }, "10.0.0.6", false],
  ])("%j: %s gets in: %p", (values, address, admitted) => {
    expect(accessList(values).admits(address)).toBe(admitted);
  });
});
