import { expect, test } from "bun:test";
import { published, violations } from "./schema-check.ts";

const status = published["/cluster/status"]?.GET?.returns;

test("the check of answers finds what is missing, of the wrong kind, or out of place", () => {
  const node = { type: "node", id: "node/a", name: "a", online: 1 };
  expect(violations([node], status)).toEqual([]);
  expect(violations([{ ...node, id: undefined }], status)).toEqual(["data[0].id: missing"]);
  expect(violations([{ ...node, online: "yes" }], status)).toEqual(['data[0].online: no 0 or 1, got "yes"']);
  expect(violations([{ ...node, nodeid: "x" }], status)).toEqual(['data[0].nodeid: no integer, got "x"']);
  expect(violations([{ ...node, type: "guest" }], status)).toEqual([
    'data[0].type: none of cluster, node, got "guest"',
  ]);
  expect(violations({}, status)).toEqual(["data: no list, got {}"]);
  const join = published["/cluster/config/join"]?.GET?.returns;
  expect(
    violations({ nodelist: [], preferred_node: "a", totem: {}, config_digest: "x", extra: 1 }, join),
  ).toEqual(["data.extra: not in the schema"]);
});
