import { expect, test } from "bun:test";
import { z } from "zod";
import { untilReady } from "../hosts.ts";
import { api, apiUrl } from "./client.ts";
import type { ApiStory } from "./story.ts";
import { untilTaskEnds, upid } from "./task.ts";

/** The cluster of one, and its API while parts of it are down. */
export function clusterByApi({ pve1, session, get }: ApiStory): void {
  test("create by the API is a task: 200 means started, its status and log tell the rest", async () => {
    const fields = { clustername: "tailmox", link0: `address=${pve1.address}`, nodeid: "10" };
    const started = await api(pve1, apiUrl("/cluster/config"), {
      session: session(),
      method: "POST",
      fields,
    });
    expect(started.status).toBe(200);
    const task = upid.parse(started.data);
    expect(await untilTaskEnds(pve1, session(), task)).toBe("OK");
    const log = z
      .array(z.object({ n: z.number(), t: z.string() }))
      .parse((await get(`/nodes/pve1/tasks/${task}/log`)).data);
    expect(log.map(({ t }) => t)).toContain("Writing corosync config to /etc/pve/corosync.conf");
    expect(log.at(-1)?.t).toBe("TASK OK");
    const none = task.replace("clustercreate", "clusterjoin");
    const unknown = await get(`/nodes/pve1/tasks/${none}/status`);
    expect(JSON.parse(unknown.body)).toMatchObject({ errors: { upid: "no such task" } });
    expect(unknown.status).toBe(400);
    await untilReady(pve1);
    const again = await api(pve1, apiUrl("/cluster/config"), { session: session(), method: "POST", fields });
    expect(again).toMatchObject({
      status: 500,
      reason: "cluster config '/etc/pve/corosync.conf' already exists",
    });
  });

  test("while pmxcfs is down every call is a 500 that says so", async () => {
    await pve1.run(["systemctl", "stop", "pve-cluster"]);
    expect(await get("/version")).toMatchObject({
      status: 500,
      reason: "RPCEnvironment init request failed: Unable to load access control list: Connection refused",
    });
    await pve1.run(["systemctl", "start", "pve-cluster"]);
    await untilReady(pve1);
  });

  test("while pvedaemon is down calls end with 595 Connection refused", async () => {
    await pve1.run(["systemctl", "stop", "pvedaemon"]);
    expect(await get("/version")).toMatchObject({ status: 595, reason: "Connection refused" });
    await pve1.run(["systemctl", "start", "pvedaemon"]);
  });
}
