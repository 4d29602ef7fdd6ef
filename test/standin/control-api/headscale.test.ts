import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { parseCredential } from "../../../src/tailnet/api/credential.ts";
import { openControlPlane } from "../../../src/tailnet/api/open.ts";

/** As much of headscale as a race needs; the real one is asked in test/lab/policy. */
describe("headscale's API, which knows no versions", () => {
  let policy = "";
  let greeting: string | null = "not asked";
  let server: ReturnType<typeof serve>;
  const serve = () =>
    Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      routes: {
        "/health": (request) => {
          greeting = request.headers.get("Authorization");
          return Response.json({ status: "pass" });
        },
        "/api/v1/policy": {
          GET: () =>
            policy === ""
              ? Response.json({ message: "acl policy not found" }, { status: 500 })
              : Response.json({ policy }),
          PUT: async (request) => {
            const body: unknown = await request.json();
            if (body !== null && typeof body === "object" && "policy" in body) policy = String(body.policy);
            return Response.json({ policy });
          },
        },
      },
    });
  beforeEach(() => {
    policy = '{ "acls": [] }';
    server = serve();
  });
  afterEach(() => server.stop(true));
  const open = () => openControlPlane(`http://127.0.0.1:${server.port}`, parseCredential("hskey-api-x"));

  test("it is told apart by its page of health, without the key being sent", async () => {
    expect((await open()).kind).toBe("headscale");
    expect(greeting).toBeNull();
  });

  test("a policy that changed between reading and writing is not overwritten", async () => {
    const plane = await open();
    const stored = await plane.policy();
    policy = '{ "grants": [] }';
    expect(await plane.writePolicy("{}", stored)).toBe(false);
    expect(policy).toBe('{ "grants": [] }');
    expect(await plane.writePolicy("{}", await plane.policy())).toBe(true);
    expect(policy).toBe("{}");
  });

  test("a server without any policy is not given one that would close what is open to all", async () => {
    policy = "";
    await expect((await open()).policy()).rejects.toMatchObject({
      code: "E_API_NOT_FOUND",
      likely: expect.stringContaining("everybody reach everything"),
    });
  }, 20_000);
});
