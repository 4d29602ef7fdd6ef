import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { takeDown } from "../../../lab/down.ts";
import { inNamespace } from "../../../lab/fabric/in-namespace.ts";
import { projectDir } from "../../../lab/paths.ts";
import { createHeadscaleApiKey } from "../../../lab/tailnet/headscale.ts";
import { loginServer } from "../../../lab/tailnet/login-server.ts";
import { readPolicy, setPolicy } from "../../../lab/tailnet/policy.ts";
import { run } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import {
  hostOf,
  logIn,
  type Peer,
  policyLab,
  startPolicyLab,
  startTailscaled,
  tailscale,
} from "./tailnet.ts";

const OWN = `// The lab's own.
{
	"tagOwners": {
		"tag:tailmox": [], // members
		"tag:other": []
	},
	"acls": [
		{ "action": "accept", "src": ["lab@"], "dst": ["tag:other:80"] } // the nas
	],
}
`;

describeLab("the commands for the tailnet, against a real headscale", () => {
  const plan = policyLab("test-headscale-api");
  const work = join(plan.dir, "api");
  const token = join(work, "token");
  let peers: readonly Peer[] = [];

  beforeAll(async () => {
    peers = await startPolicyLab(plan);
    await mkdir(work, { recursive: true, mode: 0o700 });
    await writeFile(token, await createHeadscaleApiKey(plan), { mode: 0o600 });
  });
  afterAll(() => takeDown(plan));

  const tailmox = (...words: string[]) =>
    run(
      inNamespace(hostOf(plan, "pve1").namespace, [
        process.execPath,
        join(projectDir, "src/cli/main.ts"),
        ...words,
      ]) as [string, ...string[]],
      { env: { TAILMOX_API_URL: loginServer(plan) }, timeoutMs: 30_000 },
    );
  const login = () => ["--credentials", token];
  const log = () => ["--log-file", join(work, "log")];
  const backups = () => ["--backup-dir", join(work, "backups")];

  test("apply gives headscale what a cluster lacks, keeps its comments, and undo gives the same bytes back", async () => {
    await setPolicy(plan, OWN);
    const before = await readPolicy(plan);
    const lacking = await tailmox("policy", "check", "--remote", ...login());
    expect(lacking).toMatchObject({ exitCode: 4, stdout: expect.stringContaining("cannot work") });
    const applied = await tailmox("policy", "apply", "--yes", ...login(), ...log(), ...backups());
    expect(applied).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await readPolicy(plan)).toContain('"dst": ["tag:other:80"] }, // the nas');
    const checked = await tailmox("policy", "check", "--remote", "--json", ...login());
    expect(JSON.parse(checked.stdout).result).toMatchObject({ verdict: "works", problems: [] });
    expect((await tailmox("policy", "apply", "--yes", ...login(), ...log(), ...backups())).stdout).toContain(
      "has all that a cluster needs",
    );
    const undone = await tailmox("policy", "undo", "--yes", ...login(), ...log(), ...backups());
    expect(undone.exitCode).toBe(0);
    expect(await readPolicy(plan)).toBe(before);
  });

  test("check --remote judges the policy in force with the addresses of the members, and finds that the printed one works", async () => {
    const printed = await tailmox("policy", "print", "--for", "headscale");
    await setPolicy(plan, printed.stdout);
    const checked = await tailmox("policy", "check", "--remote", "--json", ...login());
    expect(JSON.parse(checked.stdout).result).toMatchObject({ verdict: "works", excess: [], problems: [] });
  });

  test("a policy that headscale does not take is refused in its own words, and nothing is written", async () => {
    await setPolicy(plan, OWN);
    const before = await readPolicy(plan);
    const words = ["--yes", "--admins", "group:missing", ...login(), ...log(), ...backups()];
    const { exitCode, stderr } = await tailmox("policy", "apply", ...words);
    expect(exitCode).toBe(4);
    expect(stderr).toContain("E_POLICY_REFUSED");
    expect(stderr).toContain('"group:missing"');
    expect(await readPolicy(plan)).toBe(before);
  });

  test("key create makes a key that lets a host in with the tag, without its being told the tag; revoke ends it", async () => {
    const file = join(work, "key");
    const created = await tailmox(
      "key",
      "create",
      "--out",
      file,
      "--json",
      "--reusable",
      ...login(),
      ...log(),
    );
    expect(created.exitCode).toBe(0);
    const { id } = JSON.parse(created.stdout).result;
    const fresh = hostOf(plan, "fresh");
    await startTailscaled(plan, fresh);
    expect(await logIn(plan, fresh, await readFile(file, "utf8"))).toMatchObject({ exitCode: 0 });
    const status = JSON.parse((await tailscale(plan, fresh, ["status", "--json"])).stdout);
    expect(status.Self.Tags).toEqual(["tag:tailmox"]);
    expect(await tailmox("key", "revoke", id, ...login(), ...log())).toMatchObject({ exitCode: 0 });
    await tailscale(plan, fresh, ["logout"]);
    // headscale lets a machine that it knows back in without looking at its key (tailscale.md 8.4), and takes it
    // for online for a while.
    const risk = ["--accept-risk", "online", "--yes", ...login(), ...log()];
    const pruned = await tailmox("devices", "prune", "fresh", ...risk);
    expect(pruned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Deleted: 1.") });
    expect((await logIn(plan, fresh, await readFile(file, "utf8"))).exitCode).toBe(1);
  });

  test("devices shows the members with their addresses, and no device of another tag", async () => {
    const { stdout } = await tailmox("devices", ...login());
    expect(stdout).toContain("2 devices with tag:tailmox, 2 online");
    for (const { name, address } of peers.filter(({ tags }) => tags.includes("tag:tailmox"))) {
      expect(stdout).toMatch(new RegExp(`${name} +${address} +online`));
    }
    expect(stdout).not.toContain("nas");
    expect(await tailmox("devices", "prune", "pve2", "--yes", ...login(), ...log())).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining("is online"),
    });
  });

  test("Services are said not to be there, in a word", async () => {
    for (const verb of ["define", "status", "remove"]) {
      const result = await tailmox(
        "service",
        verb,
        ...login(),
        ...(verb === "status" ? [] : ["--yes", ...log()]),
      );
      expect(result).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining("headscale has no Services"),
      });
    }
  });

  test("a wrong key is told apart from a server that is away", async () => {
    await writeFile(join(work, "wrong"), "hskey-api-abcdefghijkl-0123456789");
    expect((await tailmox("devices", "--credentials", join(work, "wrong"))).stderr).toContain("E_API_LOGIN");
    const away = await tailmox("devices", "--api-url", "http://10.66.250.250:8080", ...login());
    expect(away.stderr).toContain("E_API_UNREACHABLE");
  });
});
