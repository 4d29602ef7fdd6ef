import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../../../lab/paths.ts";
import { HANDLERS } from "../../../lab/pve/api/handlers.ts";
import { run } from "../../../src/host/run.ts";
import { published, violations } from "../../contract/schema-check.ts";
import type { ApiStory } from "./story.ts";

/** The whole API, as the published schema and somebody else's client read it. */
export function readers({ plan, pve1, pve2, get }: ApiStory): void {
  test("every published path answers as its schema says, or 501", async () => {
    const service = "corosync";
    await pve1.sh("qm create 100 --name answers --memory 512");
    const tasks = z.array(z.object({ upid: z.string() })).parse((await get("/nodes/pve1/tasks")).data);
    const concrete = (path: string) =>
      path
        .replace("{node}", "pve1")
        .replace("{service}", service)
        .replace("{storage}", "local")
        .replace("{upid}", tasks[0]?.upid ?? "")
        .replace(/\{[^}]+\}/g, "100");
    const wrong: string[] = [];
    for (const [path, verbs] of Object.entries(published)) {
      const answer = await get(concrete(path));
      const known = verbs.GET !== undefined && `GET ${path}` in HANDLERS;
      if (answer.status !== (known ? 200 : 501)) wrong.push(`${path}: ${answer.status} ${answer.reason}`);
      else if (known)
        wrong.push(...violations(answer.data, verbs.GET?.returns).map((what) => `${path}: ${what}`));
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  test("python3-proxmoxer logs in and reads the cluster", async () => {
    const result = await run(
      [
        ...(["nsenter", `--net=/run/netns/${plan.internet.namespace}`, "--", "/usr/bin/python3"] as const),
        ...["-W", "ignore", join(projectDir, "test/standin/api/read-cluster.py"), pve1.address],
      ],
      { input: `${pve1.password}\n`, timeoutMs: 30_000 },
    );
    expect(result.stderr).toBe("");
    const read = JSON.parse(result.stdout);
    expect(read.status.find((each: { type: string }) => each.type === "cluster")).toMatchObject({
      name: "tailmox",
      nodes: 2,
      quorate: 1,
    });
    expect(read.nodes.map((each: { node: string }) => each.node).sort()).toEqual(["pve1", "pve2"]);
    expect(read.configured.find((each: { name: string }) => each.name === "pve2")).toMatchObject({
      nodeid: "20",
      ring0_addr: pve2.address,
    });
    expect(read.version).toEqual({ version: "9.1.2", release: "9.1", repoid: "9d436f37a0ac4172" });
  });
}
