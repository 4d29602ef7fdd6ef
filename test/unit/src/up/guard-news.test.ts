import { describe, expect, test } from "bun:test";
import { ARMED_FILE, GUARD_DIR, REPORT_FILE } from "../../../../src/guard/places.ts";
import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { releaseGuard, tellGuardNews } from "../../../../src/up/guard-news.ts";
import { type FakeHost, fakeHost } from "./fake-host.ts";

const armedUntil = (firesAt: string) =>
  JSON.stringify({
    ...{ node: "pve3", cluster: "tailmox", unit: "tailmox-join-1", copies: "/c", saved: [], absent: [] },
    ...{ armedAt: "2026-11-23T07:00:00Z", firesAt },
  });
const report = (outcome: string) =>
  JSON.stringify({
    ...{ outcome, node: "pve3", cluster: "tailmox", at: "2026-11-23T07:03:02.123Z" },
    ...{ files: 14, differing: [], copies: "/c" },
  });
const HALF = { "/etc/pve/.members": '{"nodename": "pve3", "version": 1}' };
const BUSY = { "systemctl show": "ActiveState=active\n" };
const MEMBER = `{"nodename": "pve3", "version": 3,
 "cluster": { "name": "tailmox", "version": 2, "nodes": 2, "quorate": 1 }, "nodelist": {} }`;

async function told(fake: FakeHost, dryRun = false): Promise<string> {
  const lines: string[] = [];
  const silent = { doing: () => {}, ok: () => {}, absent: () => {}, warn: () => {}, pause: () => {} };
  const talk = {
    phase: () => silent,
    step: () => silent,
    visit: () => {},
    plan: () => {},
    note: (...more: readonly string[]) => lines.push(...more),
  };
  const host = openHost(fake.transport, dryRun ? closedGate : openGate(noJournal), noJournal);
  await tellGuardNews(host, { dryRun }, talk);
  await releaseGuard(host, { dryRun }, talk);
  return lines.join("\n");
}

describe("what the guard did", () => {
  test("is told once", async () => {
    const fake = fakeHost({ ...HALF, [REPORT_FILE]: report("restored") }, {});
    expect(await told(fake)).toContain("the guard restored pve3 at 2026-11-23 07:03:02 UTC, 14 files");
    expect(await told(fake)).toBe("");
  });

  test("is told again and again when it failed, and a dry run forgets nothing", async () => {
    const failed = fakeHost({ ...HALF, [REPORT_FILE]: report("failed") }, {});
    expect(await told(failed)).toContain("could not restore pve3");
    expect(await told(failed)).toContain("could not restore pve3");
    const fake = fakeHost({ ...HALF, [REPORT_FILE]: report("kept") }, {});
    expect(await told(fake, true)).toContain("quorate member");
    expect(fake.changes).toEqual([]);
  });
});

describe("while a guard is armed", () => {
  test("nothing else touches a host that is no quorate member, and it is said when it fires", async () => {
    const soon = fakeHost({ ...HALF, [ARMED_FILE]: armedUntil("2999-01-01T00:00:00Z") }, BUSY);
    expect(told(soon)).rejects.toMatchObject({
      code: "E_GUARD_ARMED",
      likely: expect.stringMatching(/at \d\d:/),
    });
    const booted = fakeHost({ ...HALF, [ARMED_FILE]: armedUntil("2020-01-01T00:00:00Z") }, BUSY);
    expect(told(booted)).rejects.toMatchObject({ likely: expect.stringContaining("120 s after its boot") });
    await Bun.sleep(1);
    expect([...soon.changes, ...booted.changes]).toEqual([]);
  });

  test("before pvecm began, by a run that ended there, it goes, and this run begins anew", async () => {
    const sum = `${"a".repeat(64)}  /etc/pve/storage.cfg\n`;
    const fake = fakeHost(
      { ...HALF, "/c/digests": sum, [ARMED_FILE]: armedUntil("2999-01-01T00:00:00Z") },
      { "systemctl show": "ActiveState=inactive\n", find: sum },
    );
    await told(fake);
    expect(await fake.transport.text(ARMED_FILE)).toBeUndefined();
    expect(fake.changes.join("\n")).not.toMatch(/stop pve-cluster/);
  });

  const JOINED = {
    "/etc/pve/.members": MEMBER,
    "/etc/pve/nodes/pve3/pve-ssl.pem": "PEM",
    [ARMED_FILE]: armedUntil("2999-01-01T00:00:00Z"),
  };
  const ENDED = { "systemctl show": "ActiveState=inactive\n" };

  test("a quorate member goes on, and takes it away", async () => {
    const fake = fakeHost(JOINED, ENDED);
    expect(await told(fake)).toContain("The guard is gone");
    expect(await fake.transport.text(ARMED_FILE)).toBeUndefined();
    expect(fake.changes).toContain("run systemctl disable --now tailmox-guard-boot.timer");
  });

  test("what a run left that was ended while it took the guard away goes, too", async () => {
    const left = fakeHost({ "/etc/pve/.members": MEMBER, [`${GUARD_DIR}/tailmox`]: "the program" }, ENDED);
    expect(await told(left)).toBe("The guard is gone.");
    expect(left.changes).toContain(`run rm -rf -- ${GUARD_DIR}`);
    const none = fakeHost({ "/etc/pve/.members": MEMBER }, ENDED);
    expect(await told(none)).toBe("");
  });

  test("a pvecm that goes on without tailmox is waited for: root's keys are the last that it brings", async () => {
    const { transport, changes } = fakeHost(JOINED, ENDED);
    const states = ["active", "active", "inactive"];
    const seen: string[] = [];
    const run: typeof transport.run = async (argv, options) => {
      const base = await transport.run(argv, options);
      if (argv[1] !== "show") return base;
      const state = states.shift() ?? "inactive";
      seen.push(`${state} ${changes.length}`);
      return { ...base, stdout: `ActiveState=${state}\n` };
    };
    expect(await told({ transport: { ...transport, run }, changes })).toContain("The guard is gone");
    expect(seen.slice(0, 3)).toEqual(["active 0", "active 0", "inactive 0"]);
  });
});
