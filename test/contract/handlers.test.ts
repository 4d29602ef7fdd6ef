import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Identity } from "../../lab/pve/access/permissions.ts";
import { execute, mustFindMethod } from "../../lab/pve/api/execute.ts";
import { HANDLERS } from "../../lab/pve/api/handlers.ts";
import { UNLISTED } from "../../lab/pve/api/unlisted.ts";
import { PveError } from "../../lab/pve/errors.ts";
import type { PveNode } from "../../lab/pve/node/pve-node.ts";
import { type Fixture, hostFixture } from "./fixture.ts";
import { published, violations } from "./schema-check.ts";

const root: Identity = { authuser: "root@pam", user: "root@pam" };
const token: Identity = { authuser: "root@pam!tailmox", user: "root@pam" };
const nobody: Identity = { authuser: "nobody@pve", user: "nobody@pve" };

const answered = Object.keys(HANDLERS).map((name): [string, string] => {
  const [verb = "", path = ""] = name.split(" ");
  return [verb, path];
});
/** These ask systemd or need a task that ran: the live host answers for them. */
const LIVE_ONLY = /services|\{upid\}|\/network$|\/agent\//;
const readable = answered.filter(([verb, path]) => verb === "GET" && !LIVE_ONLY.test(path));

function call(
  node: PveNode,
  verb: string,
  path: string,
  who: Identity,
  given: object = {},
): Promise<unknown> {
  const real = path.replace(/\{(\w+)\}/g, (_, name: string) => EXAMPLES[name] ?? name);
  const asked = { verb, path: real, given: { ...given }, who, startTask: async () => "UPID:none" };
  return execute(node, mustFindMethod(verb, real), asked);
}

const EXAMPLES: Readonly<Record<string, string>> = {
  node: "pve1",
  service: "corosync",
  upid: "UPID:none",
  vmid: "100",
  storage: "local",
};

async function failure(promise: Promise<unknown>): Promise<PveError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof PveError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

test.each(answered)(
  "%s %s is in the published schema, or among the few that its excerpt lacks",
  (verb, path) => {
    expect(published[path]?.[verb] ?? UNLISTED[path]?.[verb]).toBeDefined();
  },
);

describe.each([true, false])("on a host that is clustered: %p", (clustered) => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await hostFixture({ clustered });
  });
  afterAll(() => fixture.remove());

  test.each(readable)("%s %s answers as the schema says", async (verb, path) => {
    const given = path.endsWith("/feature") ? { feature: "clone" } : {};
    const promise = call(fixture.node, verb, path, root, given);
    if (path === "/cluster/config/join" && !clustered) {
      expect(await failure(promise)).toMatchObject({
        status: 424,
        message: "node is not in a cluster, no join info available!",
      });
      return;
    }
    const data = await promise;
    const nothing = path === "/cluster/config/totem" && !clustered;
    expect(nothing ? data : violations(data, published[path]?.[verb]?.returns)).toEqual(nothing ? null : []);
  });
});

describe("calls", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await hostFixture({ clustered: true });
  });
  afterAll(() => fixture.remove());

  test.each(answered)("%s %s refuses a parameter that it does not have", async (verb, path) => {
    const error = await failure(call(fixture.node, verb, path, root, { "no-such-parameter": 1 }));
    expect(error.status).toBe(400);
    expect(error.errors?.["no-such-parameter"]).toContain("not defined in schema");
  });

  test("of the cluster's configuration give texts, those of its state numbers", async () => {
    const [member] = [await call(fixture.node, "GET", "/cluster/config/nodes", root)].flat();
    expect(member).toEqual({
      node: "pve1",
      name: "pve1",
      nodeid: "1",
      quorum_votes: "1",
      ring0_addr: "100.64.0.1",
    });
    expect(await call(fixture.node, "GET", "/cluster/config/totem", root)).toMatchObject({
      config_version: "1",
      interface: { 0: { linknumber: "0" } },
    });
    expect(await call(fixture.node, "GET", "/cluster/status", root)).toEqual([
      { type: "cluster", id: "cluster", name: "tailmox", nodes: 1, version: 1, quorate: 1 },
      {
        type: "node",
        id: "node/pve1",
        name: "pve1",
        ip: "100.64.0.1",
        local: 1,
        nodeid: 1,
        online: 1,
        level: "",
      },
    ]);
  });

  test.each([
    ["POST", "/cluster/config", { clustername: "c" }],
    [
      "POST",
      "/cluster/config/join",
      { hostname: "h", password: "p", fingerprint: Array(32).fill("AA").join(":") },
    ],
    ["POST", "/cluster/config/nodes/{node}", {}],
    ["DELETE", "/cluster/config/nodes/{node}", {}],
  ])("%s %s is root's own: a token of root's is refused", async (verb, path, given) => {
    expect(await failure(call(fixture.node, verb, path, token, given))).toMatchObject({
      status: 403,
      message: "Permission check failed (user != root@pam)",
    });
  });

  test("that need a right name it to a user without", async () => {
    expect(await failure(call(fixture.node, "GET", "/cluster/status", nobody))).toMatchObject({
      status: 403,
      message: "Permission check failed (/, Sys.Audit)",
    });
    expect(await failure(call(fixture.node, "GET", "/nodes/{node}/status", nobody))).toMatchObject({
      message: "Permission check failed (/nodes/pve1, Sys.Audit)",
    });
    expect(await call(fixture.node, "GET", "/nodes", nobody)).toBeArrayOfSize(1);
  });

  test("about a VM ask for rights on it: all of a rule's, each of several rules', or any one of those named", async () => {
    const refusal = async (verb: string, path: string, given: object = {}) =>
      (await failure(call(fixture.node, verb, `/nodes/{node}/qemu/{vmid}${path}`, nobody, given))).message;
    expect(await refusal("POST", "/status/start")).toBe("Permission check failed (/vms/100, VM.PowerMgmt)");
    expect(await refusal("POST", "/clone", { newid: 300 })).toBe(
      "Permission check failed (/vms/100, VM.Clone)",
    );
    expect(await refusal("POST", "/agent/ping")).toBe(
      "Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)",
    );
    expect(
      await failure(call(fixture.node, "POST", "/nodes/{node}/qemu", nobody, { vmid: 300 })),
    ).toMatchObject({ status: 403, message: "Permission check failed (/vms/300, VM.Allocate)" });
  });

  test("on a clustered host refuse to create another cluster, before any task", async () => {
    expect(
      await failure(call(fixture.node, "POST", "/cluster/config", root, { clustername: "c" })),
    ).toMatchObject({
      status: 500,
      message: "cluster config '/etc/pve/corosync.conf' already exists",
    });
  });

  test("suggest the next free number, and say when one is taken", async () => {
    expect(await call(fixture.node, "GET", "/cluster/nextid", root)).toBe(102);
    expect((await failure(call(fixture.node, "GET", "/cluster/nextid", root, { vmid: 100 }))).errors).toEqual(
      {
        vmid: "VM 100 already exists",
      },
    );
  });

  test("of tasks say when there is none", async () => {
    expect(
      (await failure(call(fixture.node, "GET", "/nodes/{node}/tasks/{upid}/status", root))).errors,
    ).toEqual({
      upid: "no such task",
    });
  });

  test("to paths that are not there are not implemented", () => {
    expect(() => mustFindMethod("GET", "/no/such/path")).toThrow(
      "Method 'GET /no/such/path' not implemented",
    );
  });
});
