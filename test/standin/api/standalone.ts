import { expect, test } from "bun:test";
import { eventually } from "../hosts.ts";
import { api, apiUrl } from "./client.ts";
import type { ApiStory } from "./story.ts";

/** A host without a cluster: answers, errors, who gets in. */
export function standaloneHost({ pve1, pve2, get }: ApiStory): void {
  test("a standalone host answers in its own forms", async () => {
    expect((await get("/cluster/status")).data).toEqual([
      {
        type: "node",
        id: "node/pve1",
        name: "pve1",
        ip: pve1.lan.address,
        local: 1,
        nodeid: 0,
        online: 1,
        level: "",
      },
    ]);
    expect((await get("/cluster/config/nodes")).data).toEqual([]);
    expect((await get("/cluster/config/totem")).data).toBeNull();
    expect(await get("/cluster/config/join")).toMatchObject({
      status: 424,
      reason: "node is not in a cluster, no join info available!",
    });
    expect((await get("/cluster/config/apiversion")).data).toBe(1);
  });

  test("errors: unknown path, bad parameter, unknown node; the text stands in the reason and in the body", async () => {
    expect(await get("/no/such")).toMatchObject({
      status: 501,
      reason: "Method 'GET /no/such' not implemented",
    });
    const bad = await get("/cluster/nextid?vmid=x");
    expect(bad).toMatchObject({ status: 400, reason: "Parameter verification failed." });
    expect(JSON.parse(bad.body)).toEqual({
      data: null,
      message: "Parameter verification failed.\n",
      errors: { vmid: "type check ('integer') failed - got 'x'" },
    });
    expect((await get("/nodes/nowhere/status")).reason).toStartWith("hostname lookup 'nowhere' failed - ");
  });

  test("before libpve-http-server-perl 5.2.0 the body has no message, the reason phrase alone has it", async () => {
    const file = "/usr/share/lab-pve/release.json";
    await pve1.sh(
      `cp ${file} /root/release.json; sed -i 's/"httpServer": "[^"]*"/"httpServer": "5.1.2"/' ${file}; systemctl restart pvedaemon pveproxy`,
    );
    const older = await get("/cluster/config/join");
    expect(older.reason).toBe("node is not in a cluster, no join info available!");
    expect(JSON.parse(older.body)).toEqual({ data: null });
    await pve1.sh(`cp /root/release.json ${file}; systemctl restart pvedaemon pveproxy`);
  });

  test("plain HTTP is sent to https, / is a page, and a client that is not welcome meets a closed door", async () => {
    const plain = await api(pve1, "http://localhost:8006/api2/json/version");
    expect(plain.status).toBe(301);
    expect(plain.headers).toMatch(/location: https:\/\/localhost:8006\/api2\/json\/version/i);
    expect(await api(pve1, "https://localhost:8006/")).toMatchObject({ status: 200 });
    await pve1.sh(
      `echo 'DENY_FROM="${pve2.lan.address}"' > /etc/default/pveproxy; systemctl reload pveproxy`,
    );
    const denied = await pve2.run([
      "curl",
      "--silent",
      "--insecure",
      "--max-time",
      "10",
      apiUrl("/version", pve1.lan.address),
    ]);
    expect({ stdout: denied.stdout, refused: denied.exitCode !== 0 && denied.exitCode !== 28 }).toEqual({
      stdout: "",
      refused: true,
    });
    await pve1.sh("rm /etc/default/pveproxy; systemctl reload pveproxy");
    await eventually("welcome again", async () => {
      const again = await api(pve2, apiUrl("/version", pve1.lan.address));
      return again.status === 401 ? true : undefined;
    });
  });
}
