import { describe, expect, test } from "bun:test";
import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { parsePrefs } from "../../../../src/tailnet/facts.ts";
import { parseStatus } from "../../../../src/tailnet/status.ts";
import { comesThroughTailnet } from "../../../../src/up/own-session.ts";
import { askAboutSettings } from "../../../../src/up/settings.ts";
import type { Ask } from "../../../../src/up/talk.ts";
import { fakeHost } from "./fake-host.ts";
import { OPTIONS, silentTalk } from "./options.ts";

const STATUS = JSON.stringify({
  Version: "1.102.3",
  TUN: true,
  BackendState: "Running",
  Self: { DNSName: "pve1.tail1.ts.net.", TailscaleIPs: ["100.64.0.1"], Tags: ["tag:tailmox"] },
  Peer: { k: { DNSName: "nas.tail1.ts.net.", TailscaleIPs: ["100.64.0.9"] } },
});
const ROUTED =
  "nfs: far\n\tserver 192.168.5.2\nnfs: tail\n\tserver 100.64.0.9\nnfs: lan\n\tserver 10.0.0.2\n";
const route = (dev: string) => JSON.stringify([{ dst: "x", dev, table: "52" }]);

interface Case {
  readonly prefs: object;
  readonly files?: Record<string, string>;
  readonly options?: Partial<typeof OPTIONS>;
  readonly answer?: boolean;
}

/** What was said, and which settings were changed. */
async function ask({ prefs, files = {}, options = {}, answer }: Case) {
  const fake = fakeHost(files, {
    "tailscale status": STATUS,
    "tailscale debug": JSON.stringify(prefs),
    "ip -json route get 192.168.5.2": route("tailscale0"),
    "ip -json route get": route("eno1"),
  });
  const all = { ...OPTIONS, dryRun: false, yes: true, ...options };
  const said: string[] = [];
  const talk = { ...silentTalk, note: (...lines: readonly string[]) => said.push(...lines) };
  const person: Ask = {
    goOn: async () => answer ?? false,
    typedYes: async () => false,
    password: async () => undefined,
  };
  const host = openHost(fake.transport, all.dryRun ? closedGate : openGate(noJournal), noJournal);
  const status = parseStatus(STATUS);
  const parsed = parsePrefs(JSON.stringify(prefs));
  if (!status || !parsed) throw new Error("the test's own answers cannot be read");
  const tailnet = { status, prefs: parsed, address: "100.64.0.1", webAgreed: false };
  const company = { talk, journal: noJournal, ask: answer === undefined ? undefined : person };
  await askAboutSettings(host, "pve1", tailnet, all, company);
  return { said: said.join("\n"), sets: fake.changes.filter((change) => change.startsWith("run ")) };
}

describe("the settings of an existing login", () => {
  test("that do not hurt are not spoken of", async () => {
    expect(await ask({ prefs: {} })).toEqual({ said: "", sets: [] });
  });

  test("are switched off one by one with --yes, where nothing depends on them", async () => {
    const prefs = { RouteAll: true, CorpDNS: true, ShieldsUp: true, AutoUpdate: { Apply: true } };
    expect((await ask({ prefs })).sets).toEqual([
      "run tailscale set --accept-routes=false",
      "run tailscale set --accept-dns=false",
      "run tailscale set --shields-up=false",
      "run tailscale set --auto-update=false",
    ]);
  });

  test("are kept with --yes where something depends on them, which is named", async () => {
    const files = { "/etc/pve/storage.cfg": ROUTED };
    const { said, sets } = await ask({ prefs: { RouteAll: true }, files });
    expect(sets).toEqual([]);
    expect(said).toContain('storage "far" (192.168.5.2: 192.168.5.2 is reached by a subnet route)');
    expect(said).not.toContain('"tail"');
    expect(said).not.toContain('"lan"');
    const dns = await ask({
      prefs: { CorpDNS: true },
      files: { "/etc/fstab": "nas:/x /mnt nfs\n", "/etc/hosts": "" },
    });
    expect(dns).toMatchObject({ sets: [], said: expect.stringContaining("mount /mnt (nas: MagicDNS") });
  });

  test("are the person's to decide at a terminal, whatever depends on them", async () => {
    const files = { "/etc/pve/storage.cfg": ROUTED };
    const prefs = { RouteAll: true };
    expect((await ask({ prefs, files, options: { yes: false }, answer: true })).sets).toHaveLength(1);
    expect((await ask({ prefs, files, options: { yes: false }, answer: false })).sets).toEqual([]);
  });

  test("stay as they are without a terminal, without --yes, and in a dry run", async () => {
    const prefs = { RouteAll: true };
    expect((await ask({ prefs, options: { yes: false } })).sets).toEqual([]);
    expect((await ask({ prefs, options: { dryRun: true } })).sets).toEqual([]);
  });

  test("Tailscale SSH stays while the session comes through it, unless that risk is taken by name", async () => {
    const before = process.env.SSH_CONNECTION;
    process.env.SSH_CONNECTION = "100.64.0.7 50000 100.64.0.1 22";
    try {
      const kept = await ask({ prefs: { RunSSH: true } });
      expect(kept).toMatchObject({ sets: [], said: expect.stringContaining("--accept-risk lose-ssh") });
      const taken = await ask({ prefs: { RunSSH: true }, options: { acceptRisks: ["lose-ssh"] } });
      expect(taken.sets).toEqual(["run tailscale set --ssh=false --accept-risk=lose-ssh"]);
    } finally {
      if (before === undefined) delete process.env.SSH_CONNECTION;
      else process.env.SSH_CONNECTION = before;
    }
  });
});

test("a session through Tailscale SSH is known by the processes above, though sudo hides the environment", async () => {
  const statuses: Record<string, string> = {
    "/proc/30/status": "Name:\tsudo\nPPid:\t20\n",
    "/proc/20/status": "Name:\tbash\nPPid:\t10\n",
    "/proc/10/status": "Name:\ttailscaled\nPPid:\t1\n",
  };
  const through = (ssh: string | undefined, pid: number) =>
    comesThroughTailnet({ text: async (path) => statuses[path] }, "100.64.0.1", { ssh, pid });
  expect(await through(undefined, 30)).toBe(true);
  expect(await through(undefined, 1)).toBe(false);
  expect(await through("192.168.1.5 50000 192.168.1.11 22", 1)).toBe(false);
  expect(await through("100.64.0.7 50000 100.64.0.1 22", 1)).toBe(true);
});
