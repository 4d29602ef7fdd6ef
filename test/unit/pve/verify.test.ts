import { describe, expect, test } from "bun:test";
import { findMethod } from "../../../lab/pve/api/schema.ts";
import { PveError } from "../../../lab/pve/errors.ts";
import { type Params, verifyParams } from "../../../lab/pve/params/verify.ts";

const create = findMethod("POST", "/cluster/config")?.parameters ?? {};

function errorsOf(given: Record<string, unknown>): PveError["errors"] {
  try {
    verifyParams(given, create);
  } catch (error) {
    if (error instanceof PveError) return error.errors;
    throw error;
  }
  return undefined;
}

describe("parameters are checked against the published schema", () => {
  test("and converted by type", () => {
    const params: Params = verifyParams({ clustername: "home", nodeid: "10", votes: 1 }, create);
    expect(params).toEqual({ clustername: "home", nodeid: 10, votes: 1 });
  });

  test("with the reasons that people know", () => {
    expect(errorsOf({ clustername: "sixteen-chars-xy" })).toEqual({
      clustername: "value may only be 15 characters long",
    });
    expect(errorsOf({ clustername: "under_score" })).toEqual({
      clustername: "value does not look like a valid node name",
    });
    expect(errorsOf({ nodeid: 0 })).toEqual({
      nodeid: "value must have a minimum value of 1",
      clustername: "property is missing and it is not optional",
    });
    expect(errorsOf({ clustername: "a", nodeid: "x" })).toEqual({
      nodeid: "type check ('integer') failed - got 'x'",
    });
    expect(errorsOf({ clustername: "a", colour: "red" })?.colour).toContain("not defined in schema");
  });

  test("also inside a link's list of properties", () => {
    expect(errorsOf({ clustername: "a", link0: "10.0.0.1,priority=20" })).toBeUndefined();
    expect(errorsOf({ clustername: "a", link0: "10.0.0.1,priority=256" })?.link0).toContain(
      "link0.priority: value must have a maximum value of 255",
    );
    expect(errorsOf({ clustername: "a", link0: "priority=2" })?.link0).toContain(
      "link0.address: property is missing",
    );
    expect(errorsOf({ clustername: "a", link8: "10.0.0.1" })?.link8).toContain("not defined in schema");
  });

  test("and by Perl's patterns", () => {
    const join = findMethod("POST", "/cluster/config/join")?.parameters ?? {};
    const given = { hostname: "h", password: "p", fingerprint: "AA:BB" };
    expect(() => verifyParams(given, join)).toThrow("Parameter verification failed.");
    expect(verifyParams({ ...given, fingerprint: Array(32).fill("aB").join(":") }, join).hostname).toBe("h");
  });
});
