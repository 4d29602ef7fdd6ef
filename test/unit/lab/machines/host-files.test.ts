import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityFiles } from "../../../../lab/machines/host-files.ts";
import { planLab } from "../../../../lab/plan.ts";
import { scenario } from "../../../../lab/scenario.ts";

const plan = planLab(
  "files",
  scenario.parse({
    name: "files",
    summary: "one host",
    tailnet: "none",
    sites: [{ name: "here" }],
    hosts: [{ name: "pve1", site: "here", release: "pve9" }],
  }),
);
let lower = "";

async function contents(given: { path: string; content: string }[] = []): Promise<Record<string, string>> {
  const [host] = plan.hosts;
  if (host === undefined) throw new Error("the plan has a host");
  const files = await identityFiles(plan, host, ["/nowhere", lower], given);
  return Object.fromEntries(files.map(({ path, content }) => [path, content ?? ""]));
}

describe("the files that make a root a host's own", () => {
  beforeAll(async () => {
    lower = await mkdtemp(join(tmpdir(), "tailmox-lower-"));
    await mkdir(join(lower, "etc/ssl/certs"), { recursive: true });
    await writeFile(join(lower, "etc/shadow"), "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n");
    await writeFile(join(lower, "etc/ssl/certs/ca-certificates.crt"), "DEBIAN\n");
  });
  afterAll(() => rm(lower, { recursive: true }));

  test("map its name to its LAN address in one line, as Proxmox's installer does", async () => {
    const lines = (await contents())["/etc/hosts"]?.split("\n").filter((line) => line.includes("pve1"));
    expect(lines).toEqual(["192.168.1.11 pve1.example.lan pve1"]);
  });

  test("hold a hash of root's password, never the password, and leave other users alone", async () => {
    const shadow = (await contents())["/etc/shadow"];
    expect(shadow).toMatch(/^root:\$6\$[^:]+:19000:0:99999:7:::\ndaemon:\*:19000:0:99999:7:::\n$/);
    expect(shadow).not.toContain("lab-pve1");
  });

  test("give each host a machine id of its own", async () => {
    const [first, second] = [await contents(), await contents()].map((files) => files["/etc/machine-id"]);
    expect(first).toMatch(/^[0-9a-f]{32}\n$/);
    expect(first).not.toBe(second);
  });

  test("add the lab's authorities to Debian's bundle", async () => {
    expect(Object.keys(await contents())).not.toContain("/etc/ssl/certs/ca-certificates.crt");
    const given = [
      { path: "/usr/local/share/ca-certificates/lab.crt", content: "LAB\n" },
      { path: "/etc/motd", content: "hello" },
    ];
    expect((await contents(given))["/etc/ssl/certs/ca-certificates.crt"]).toBe("DEBIAN\nLAB\n");
  });
});
