import { expect, test } from "bun:test";
import { Glob } from "bun";
import { projectDir } from "../../lab/paths.ts";
import { published } from "./schema-check.ts";

/** Path, method and parameter names of every call in the sources: of `session`, `request` and `pvesh get`. */
async function callsInSources(): Promise<{ method: string; path: string; query: string[] }[]> {
  const calls: { method: string; path: string; query: string[] }[] = [];
  for await (const file of new Glob("src/**/*.ts").scan(projectDir)) {
    const text = await Bun.file(`${projectDir}/${file}`).text();
    const found = [
      ...[...text.matchAll(/session\.(get|delete)\([`"]([^`"]+)[`"]\)/g)].map(
        ([, method = "", path = ""]) => ({ method: method.toUpperCase(), path }),
      ),
      ...[...text.matchAll(/request\(server, "(POST)", "([^"]+)"/g)].map(([, method = "", path = ""]) => ({
        method,
        path,
      })),
      ...[...text.matchAll(/"pvesh", "get", [`"]([^`"]+)[`"]/g)].map(([, path = ""]) => ({
        method: "GET",
        path,
      })),
    ];
    for (const { method, path } of found) {
      const [bare = "", query = ""] = path.replace(/\$\{(\w+)\}/g, "{$1}").split("?");
      calls.push({ method, path: bare, query: [...new URLSearchParams(query).keys()] });
    }
  }
  return calls;
}

test("every REST call of tailmox is in Proxmox's published schema, with its parameters", async () => {
  const calls = await callsInSources();
  // The search must find them, or this test could not fail.
  expect(calls.map(({ path }) => path)).toContain("/cluster/config/nodes");
  expect(calls.map(({ path }) => path)).toContain("/nodes/{node}/version");
  expect(calls.map(({ path }) => path)).toContain("/access/ticket");
  expect(calls.map(({ method, path }) => `${method} ${path}`)).toContain(
    "DELETE /cluster/config/nodes/{node}",
  );
  for (const { method, path, query } of calls) {
    const call = published[path]?.[method];
    expect(call, `${method} ${path}`).toBeDefined();
    expect(Object.keys(call?.parameters?.properties ?? {})).toEqual(expect.arrayContaining(query));
  }
});
