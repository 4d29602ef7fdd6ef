import { expect, test } from "bun:test";
import { api, apiUrl } from "./client.ts";
import type { ApiStory } from "./story.ts";

/** Tickets, tokens, and calls without them. */
export function logins({ pve1, session }: ApiStory): void {
  test("a right password gives ticket and token at once; a wrong one 401 after 3 s", async () => {
    expect(session().ticket).toMatch(/^PVE:root@pam:[0-9A-F]{8}::/);
    expect(session().clustername).toBeUndefined();
    const fields = { username: "root@pam", password: "wrong" };
    const wrong = await api(pve1, apiUrl("/access/ticket"), { method: "POST", fields });
    expect(wrong).toMatchObject({ status: 401, reason: "authentication failure" });
    expect(JSON.parse(wrong.body)).toEqual({ data: null, message: "authentication failure\n" });
    expect(wrong.durationMs).toBeGreaterThan(3_000);
    expect(wrong.durationMs).toBeLessThan(5_000);
  });

  test("without a ticket, with a bad one, or without the token for a change it is 401, with an empty body", async () => {
    const bad = { ...session(), ticket: `${session().ticket.slice(0, -6)}AAAA==` };
    const answers = await Promise.all([
      api(pve1, apiUrl("/version")),
      api(pve1, apiUrl("/version"), { session: bad }),
      api(pve1, apiUrl("/cluster/options"), {
        session: session(),
        csrf: false,
        method: "PUT",
        fields: { keyboard: "de" },
      }),
      api(pve1, apiUrl("/version"), { header: "Authorization: PVEAPIToken=root@pam!no=00000000" }),
    ]);
    expect(answers.map(({ status, reason, body }) => ({ status, reason, body }))).toEqual([
      { status: 401, reason: "No ticket", body: "" },
      { status: 401, reason: "permission denied - invalid PVE ticket", body: "" },
      { status: 401, reason: "Permission denied - invalid csrf token", body: "" },
      { status: 401, reason: "no such token 'no' for user 'root@pam'", body: "" },
    ]);
    for (const { durationMs } of answers) expect(durationMs).toBeGreaterThan(3_000);
  });

  test("a token of root's may read, and is refused to change the cluster", async () => {
    const secret = "6f6e9f4c-5b0f-4d5e-9c0a-3d1c9a0b7e11";
    await pve1.sh(
      `echo 'token:root@pam!lab:0:0::' >> /etc/pve/user.cfg; echo 'root@pam!lab ${secret}' > /etc/pve/priv/token.cfg`,
    );
    const header = `Authorization: PVEAPIToken=root@pam!lab=${secret}`;
    expect(await api(pve1, apiUrl("/cluster/config"), { header })).toMatchObject({ status: 200 });
    for (const [method, path] of [
      ["POST", "/cluster/config"],
      ["POST", "/cluster/config/nodes/x"],
      ["DELETE", "/cluster/config/nodes/x"],
    ] as const) {
      const fields = path === "/cluster/config" ? { clustername: "c" } : {};
      expect(await api(pve1, apiUrl(path), { header, method, fields })).toMatchObject({
        status: 403,
        reason: "Permission check failed (user != root@pam)",
      });
    }
  });
}
