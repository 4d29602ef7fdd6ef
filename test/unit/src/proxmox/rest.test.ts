import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../../../src/host/run.ts";
import { pinServer } from "../../../../src/proxmox/pinned-server.ts";
import { readPlaceByApi } from "../../../../src/proxmox/place-by-api.ts";
import { login, type Session } from "../../../../src/proxmox/rest.ts";

// The port is fixed in Proxmox, so the server listens on 8006, on an address of this test alone.
const ADDRESS = "127.86.0.6";
let folder = "";
let server: Server;
const received: string[] = [];

/** A node certificate as Proxmox makes them: signed by a private authority that nobody else knows. */
async function makeCertificate(name: string): Promise<{ key: string; cert: string }> {
  const path = (kind: string) => join(folder, `${name}.${kind}`);
  const newKey = ["-newkey", "rsa:2048", "-nodes"] as const;
  const subject = ["-subj", `/CN=${name}`] as const;
  const ca = ["-CA", join(folder, "ca.pem"), "-CAkey", join(folder, "ca.key")] as const;
  await runOk(["openssl", "req", ...newKey, "-keyout", path("key"), "-out", path("csr"), ...subject]);
  await runOk(["openssl", "x509", "-req", "-in", path("csr"), ...ca, "-days", "2", "-out", path("pem")]);
  return { key: await readFile(path("key"), "utf8"), cert: await readFile(path("pem"), "utf8") };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tailmox-rest-"));
  const files = ["-keyout", join(folder, "ca.key"), "-out", join(folder, "ca.pem")] as const;
  await runOk([
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    ...files,
    "-days",
    "2",
    "-subj",
    "/CN=ca",
  ]);
  server = createServer(await makeCertificate("pve1"), (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      received.push(`${request.method} ${request.url} ${body} ${request.headers.cookie ?? ""}`);
      const [status, answer] = answerTo(body, request.headers.cookie);
      response.writeHead(status).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(8006, ADDRESS, resolve));
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function answerTo(body: string, cookie: string | undefined): [number, string] {
  if (cookie !== undefined) return [200, '{"data":{"version":"9.1.2"}}'];
  const password = new URLSearchParams(body).get("password");
  if (password === "two") return [200, '{"data":{"ticket":"PVE:!tfa!x::y","NeedTFA":1}}'];
  if (password !== "p&ss=wörd") return [401, '{"data":null,"message":"authentication failure\\n"}'];
  return [200, '{"data":{"ticket":"PVE:root@pam:65A1::B+64=","clustername":"tailmox"}}'];
}

describe("the REST client", () => {
  test("pins the certificate that the server presents, and its fingerprint is the one that openssl tells", async () => {
    const { fingerprint } = await pinServer(ADDRESS);
    const told = await runOk([
      "openssl",
      "x509",
      "-in",
      join(folder, "pve1.pem"),
      "-noout",
      "-fingerprint",
      "-sha256",
    ]);
    expect(told.toLowerCase()).toContain(`fingerprint=${fingerprint.toLowerCase()}`);
  });

  test("logs in with a password of any characters, and carries the ticket from then on", async () => {
    const answer = await login(await pinServer(ADDRESS), "p&ss=wörd");
    if (answer.kind !== "ok") throw new Error(answer.kind);
    expect(await answer.session.get("/version")).toEqual({ version: "9.1.2" });
    expect(received.at(-1)).toContain(`PVEAuthCookie=${encodeURIComponent("PVE:root@pam:65A1::B+64=")}`);
  });

  test("tells a refused password and a second factor apart from a failure", async () => {
    const pinned = await pinServer(ADDRESS);
    expect(await login(pinned, "wrong")).toEqual({ kind: "refused", words: "authentication failure" });
    expect((await login(pinned, "two")).kind).toBe("second factor");
  });

  test("sends nothing to a server with another certificate, though the same authority signed it", async () => {
    const { cert } = await makeCertificate("pve2");
    const before = received.length;
    const answer = await login({ address: ADDRESS, fingerprint: "", certificate: cert }, "p&ss=wörd");
    expect(answer.kind).toBe("failed");
    expect(received.length).toBe(before);
  });

  test("says when nobody listens", async () => {
    expect(pinServer("127.86.0.7")).rejects.toThrow("showed no certificate");
    await pinServer("127.86.0.7").catch(() => undefined);
  });
});

describe("where a peer stands, by its API", () => {
  const session = (answers: Record<string, unknown>): Session => ({
    get: async (path) => answers[path],
    delete: () => Promise.reject(new Error("nothing is deleted while looking")),
  });

  test("an empty node list is standalone, with its guests counted", async () => {
    const answers = {
      "/cluster/config/nodes": [],
      "/cluster/resources?type=vm": [{ vmid: 100 }, { vmid: 101 }],
    };
    expect(await readPlaceByApi(session(answers))).toEqual({ kind: "standalone", guests: 2 });
  });

  test("strings become numbers, votes are counted of those online, and the order is that of node ids", async () => {
    const answers = {
      "/cluster/config/nodes": [
        { node: "pve2", nodeid: "20", quorum_votes: "1", ring0_addr: "100.64.0.2" },
        { node: "pve1", nodeid: "3", quorum_votes: "1", ring0_addr: "100.64.0.1" },
      ],
      "/cluster/status": [
        { type: "cluster", name: "tailmox", nodes: 2, version: 2, quorate: 0 },
        { type: "node", name: "pve1", ip: "100.64.0.1", online: 1 },
        { type: "node", name: "pve2", online: 0 },
      ],
      "/cluster/config/qdevice": {},
      "/cluster/config/totem": { cluster_name: "tailmox", config_version: "2" },
    };
    expect(await readPlaceByApi(session(answers))).toMatchObject({
      cluster: {
        name: "tailmox",
        quorate: false,
        expectedVotes: 2,
        presentVotes: 1,
        qdevice: false,
        members: [
          { name: "pve1", id: 3, published: "100.64.0.1", online: true },
          { name: "pve2", id: 20, published: undefined, online: false },
        ],
      },
    });
  });

  test("a member whose /cluster/status looks standalone is still a member", async () => {
    const answers = {
      "/cluster/config/nodes": [{ node: "pve1", nodeid: "1", quorum_votes: "1", ring0_addr: "100.64.0.1" }],
      "/cluster/status": [{ type: "node", name: "pve1", ip: "192.168.1.11", online: 1, nodeid: 0 }],
      "/cluster/config/qdevice": {},
      "/cluster/config/totem": { cluster_name: "tailmox" },
    };
    expect(await readPlaceByApi(session(answers))).toMatchObject({
      kind: "member",
      cluster: { quorate: false },
    });
  });
});
