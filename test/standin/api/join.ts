import { expect, test } from "bun:test";
import { z } from "zod";
import { eventually, fingerprintOf, untilReady } from "../hosts.ts";
import { api, apiUrl, logIn } from "./client.ts";
import type { ApiStory } from "./story.ts";
import { untilTaskEnds, upid } from "./task.ts";

/** pve2 becomes a member, and is asked by way of pve1. */
export function joinByApi({ pve1, pve2, get }: ApiStory): void {
  test("join by the API: the member shows it; the joiner's old ticket and certificate are worth nothing any more", async () => {
    const [own, before] = [await logIn(pve2), await fingerprintOf(pve2)];
    const fields = {
      hostname: pve1.address,
      password: pve1.password,
      fingerprint: await fingerprintOf(pve1),
      link0: `address=${pve2.address}`,
      nodeid: "20",
    };
    const without = await api(pve2, apiUrl("/cluster/config/join"), {
      session: own,
      method: "POST",
      fields: { hostname: fields.hostname, password: fields.password },
    });
    expect(JSON.parse(without.body).errors).toEqual({
      fingerprint: "property is missing and it is not optional",
    });
    const started = await api(pve2, apiUrl("/cluster/config/join"), { session: own, method: "POST", fields });
    const task = upid.parse(started.data);
    await eventually("pve2 is online", async () => {
      const members = z
        .array(z.object({ name: z.string(), online: z.number().optional() }))
        .parse((await get("/cluster/status")).data ?? []);
      return members.some(({ name, online }) => name === "pve2" && online === 1) ? true : undefined;
    });
    await eventually("the old ticket is refused", async () =>
      (await api(pve2, apiUrl("/version"), { session: own })).status === 401 ? true : undefined,
    );
    await eventually("a new certificate", async () =>
      (await fingerprintOf(pve2).catch(() => before)) !== before ? true : undefined,
    );
    const anew = await logIn(pve2);
    expect(anew.clustername).toBe("tailmox");
    expect(await untilTaskEnds(pve2, anew, task)).toBe("OK");
    const arguments_ = await pve2.sh(
      "grep -rlaF -e lab-pve1 /var/log /run 2>/dev/null; journalctl --no-pager | grep -F lab-pve1",
    );
    expect(arguments_.stdout).toBe("");
  });

  test("a call for another member goes to it, and is 595 when its address cannot be reached", async () => {
    await untilReady(pve2);
    const remote = await get("/nodes/pve2/status");
    expect(remote.status).toBe(200);
    await pve1.sh(`ip route add blackhole ${pve2.lan.address}/32`);
    const unreachable = await get("/nodes/pve2/status");
    expect(unreachable.status).toBe(595);
    expect(unreachable.reason).not.toBe("");
    await pve1.sh(`ip route del blackhole ${pve2.lan.address}/32; cp -r /etc/pve/nodes/pve2 /root/kept`);
    await pve2.sh(
      "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 2 -keyout /root/k.pem -out /root/c.pem 2>/dev/null",
    );
    // The files change, and pveproxy is not told: what it presents is not what the members expect.
    await pve2.sh(
      "cp /root/c.pem /etc/pve/local/pveproxy-ssl.pem; cp /root/k.pem /etc/pve/local/pveproxy-ssl.key",
    );
    expect(await get("/nodes/pve2/status")).toMatchObject({
      status: 596,
      reason: "tls_process_server_certificate: certificate verify failed",
    });
    await pve2.run(["systemctl", "reload", "pveproxy"]);
    await eventually("both agree again", async () =>
      (await get("/nodes/pve2/status")).status === 200 ? true : undefined,
    );
  });
}
