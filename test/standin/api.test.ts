import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { takeDown } from "../../lab/down.ts";
import { projectDir } from "../../lab/paths.ts";
import { HANDLERS } from "../../lab/pve/api/handlers.ts";
import { run } from "../../src/host/run.ts";
import { published, violations } from "../contract/schema-check.ts";
import { describeLab } from "../lab-only.ts";
import { api, apiUrl, logIn, type Session } from "./api-client.ts";
import {
  eventually,
  fingerprintOf,
  standInLab,
  standInPlan,
  type TestHost,
  type TestLab,
  untilReady,
} from "./hosts.ts";

/** proxmox.md 15.7, over the wire, on a cluster that is made and joined by the API alone. */
const NAME = "standin-api";
const upid = z.string().regex(/^UPID:[a-z0-9]+:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:[a-z]+:[^:]*:root@pam:$/);

describeLab("the REST API of a stand-in host", () => {
  let lab: TestLab;
  let pve1: TestHost;
  let pve2: TestHost;
  let session: Session;

  beforeAll(async () => {
    lab = await standInLab(NAME);
    [pve1, pve2] = [lab.host("pve1"), lab.host("pve2")];
    await Promise.all(lab.hosts.map(untilReady));
    session = await logIn(pve1);
  });
  afterAll(() => takeDown(standInPlan(NAME)));

  const get = (path: string) => api(pve1, apiUrl(path), { session });

  async function untilTaskEnds(host: TestHost, of: Session, task: string): Promise<string> {
    const state = z.object({ status: z.string(), exitstatus: z.string().optional() });
    return await eventually(`${task} ends`, async () => {
      const answer = await api(host, apiUrl(`/nodes/${host.name}/tasks/${task}/status`), { session: of });
      const now = state.safeParse(answer.data).data;
      return now?.status === "stopped" ? (now.exitstatus ?? "") : undefined;
    });
  }

  test("a right password gives ticket and token at once; a wrong one 401 after 3 s", async () => {
    expect(session.ticket).toMatch(/^PVE:root@pam:[0-9A-F]{8}::/);
    expect(session.clustername).toBeUndefined();
    const fields = { username: "root@pam", password: "wrong" };
    const wrong = await api(pve1, apiUrl("/access/ticket"), { method: "POST", fields });
    expect(wrong).toMatchObject({ status: 401, reason: "authentication failure" });
    expect(JSON.parse(wrong.body)).toEqual({ data: null, message: "authentication failure\n" });
    expect(wrong.durationMs).toBeGreaterThan(3_000);
    expect(wrong.durationMs).toBeLessThan(5_000);
  });

  test("without a ticket, with a bad one, or without the token for a change it is 401, with an empty body", async () => {
    const bad = { ...session, ticket: `${session.ticket.slice(0, -6)}AAAA==` };
    const answers = await Promise.all([
      api(pve1, apiUrl("/version")),
      api(pve1, apiUrl("/version"), { session: bad }),
      api(pve1, apiUrl("/cluster/options"), {
        session,
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

  test("create by the API is a task: 200 means started, its status and log tell the rest", async () => {
    const fields = { clustername: "tailmox", link0: `address=${pve1.address}`, nodeid: "10" };
    const started = await api(pve1, apiUrl("/cluster/config"), { session, method: "POST", fields });
    expect(started.status).toBe(200);
    const task = upid.parse(started.data);
    expect(await untilTaskEnds(pve1, session, task)).toBe("OK");
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
    const again = await api(pve1, apiUrl("/cluster/config"), { session, method: "POST", fields });
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

  test("pvenode sets, shows and deletes a certificate of one's own; pveproxy follows a reload", async () => {
    const shown = async () =>
      z
        .array(z.object({ filename: z.string(), fingerprint: z.string(), san: z.array(z.string()) }))
        .parse(JSON.parse((await pve1.sh("pvenode cert info --output-format json")).stdout));
    const before = await shown();
    expect(before.map(({ filename }) => filename)).toEqual(["pve-root-ca.pem", "pve-ssl.pem"]);
    expect(before[1]?.san).toEqual([
      "127.0.0.1",
      "0:0:0:0:0:0:0:1",
      "localhost",
      pve1.lan.address,
      "pve1",
      "pve1.example.lan",
    ]);
    expect(await fingerprintOf(pve1)).toBe(before[1]?.fingerprint ?? "");
    await pve1.sh(
      "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=own -days 2 -keyout /root/k.pem -out /root/c.pem 2>/dev/null",
    );
    const set = await pve1.sh("pvenode cert set /root/c.pem /root/k.pem --restart 1 --output-format json");
    expect(set.stdout).toStartWith("Setting custom certificate files\nRestarting pveproxy\n");
    const last = JSON.parse(set.stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ filename: "pveproxy-ssl.pem", subject: "/CN=own" });
    await eventually("it is presented", async () =>
      (await fingerprintOf(pve1)) === last.fingerprint ? true : undefined,
    );
    expect((await pve1.sh("pvenode cert set /root/c.pem /root/k.pem")).stderr).toContain(
      "Custom certificate file exists but force flag is not set.",
    );
    const foreign = await pve1.sh(
      "openssl genrsa 2048 2>/dev/null > /root/other.pem; pvenode cert set /root/c.pem /root/other.pem --force 1",
    );
    expect(foreign.stderr).toContain(
      "Setting certificate files failed - key does not match the certificate (chain)",
    );
    await pve1.sh("pvenode cert delete --restart 1");
    await eventually("back to the own one", async () =>
      (await fingerprintOf(pve1)) === before[1]?.fingerprint ? true : undefined,
    );
  });

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
        ...([
          "nsenter",
          `--net=/run/netns/${lab.plan.internet.namespace}`,
          "--",
          "/usr/bin/python3",
        ] as const),
        ...["-W", "ignore", join(projectDir, "test/standin/read-cluster.py"), pve1.address],
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
});
