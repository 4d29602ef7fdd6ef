import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { armGuard, type GuardSpec } from "../../../../src/guard/arm.ts";
import { readArmed, readReport, writeArmed } from "../../../../src/guard/armed.ts";
import { missingKeys } from "../../../../src/guard/finish.ts";
import { runGuard } from "../../../../src/guard/guard.ts";
import { ARMED_FILE, GUARD_DIR, REPORT_FILE } from "../../../../src/guard/places.ts";
import { compare } from "../../../../src/guard/restore.ts";
import { guardUnits } from "../../../../src/guard/units.ts";
import { APPLY_UNIT } from "../../../../src/host/apply-unit.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { type Answers, fakeHost } from "../up/fake-host.ts";

const SPEC: GuardSpec = {
  node: "pve3",
  cluster: "tailmox",
  unit: "tailmox-join-7",
  joinTimeoutMs: 120_000,
  program: ["/root/tailmox"],
};
const NOW = new Date("2026-11-23T07:00:00Z");
const SUM = "a".repeat(64);
const TOOLS: Answers = { "sqlite3 ": "ok\n", find: `${SUM}  /etc/pve/storage.cfg\n` };
const ALONE = { "/etc/pve/.members": '{"nodename": "pve3", "version": 1}' };
const MEMBER = `{"nodename": "pve3", "version": 3,
 "cluster": { "name": "tailmox", "version": 2, "nodes": 2, "quorate": 1 },
 "nodelist": { "pve3": { "id": 2, "online": 1, "ip": "100.64.0.3"} } }`;
const QUORATE = "Quorate:          Yes\nExpected votes:   2\nTotal votes:      2\n";

/** A host on which a join was begun, or one where pvecm has not come so far. */
async function armed(answers: Answers = {}, begun = true) {
  const copies = "/var/lib/tailmox/backups/join-2026-11-23T07-00-00-000Z";
  const fake = fakeHost(
    { ...ALONE, "/root/.ssh/authorized_keys": "ssh-ed25519 AAAAmine me@laptop\n" },
    {
      "systemctl show": "ActiveState=inactive\n",
      "corosync-quorumtool": { exitCode: 1, stderr: "Cannot initialize QUORUM service" },
      ...TOOLS,
      ...answers,
    },
  );
  await armGuard(fake.transport, SPEC, NOW);
  if (begun) await fake.transport.write("/etc/corosync/authkey", "key", 0o400);
  const earlier = fake.changes.length;
  const host = openHost(fake.transport, openGate(noJournal), noJournal);
  return { fake, host, copies, since: () => fake.changes.slice(earlier) };
}

describe("the guard's units", () => {
  const units = guardUnits(["/var/lib/tailmox/guard/tailmox"], 120);

  test("fire 60 s after the join's own time, and 120 s after a boot", () => {
    expect(units.get("tailmox-guard.timer")).toContain("\nOnActiveSec=180\n");
    expect(units.get("tailmox-guard-boot.timer")).toContain("\nOnBootSec=120\n");
  });

  test("need no network, and only the boot's timer is enabled", () => {
    for (const text of units.values()) expect(text).not.toMatch(/network|tailscale/);
    expect([...units].filter(([, text]) => text.includes("[Install]")).map(([name]) => name)).toEqual([
      "tailmox-guard-boot.timer",
    ]);
  });
});

describe("arming", () => {
  test("copies first, then says what it guards, then starts the clock", async () => {
    const { fake, copies } = await armed();
    const at = (words: string) => fake.changes.findIndex((change) => change.includes(words));
    const places = [
      `write ${copies}/digests`,
      `write ${ARMED_FILE}`,
      "enable tailmox-guard-boot.timer",
      "restart tailmox-guard.timer",
    ].map(at);
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(await fake.transport.text(`${copies}/authorized_keys`)).toContain("me@laptop");
    expect(await readArmed(fake.transport)).toMatchObject({ firesAt: "2026-11-23T07:03:00.000Z" });
  });

  test("with a damaged copy of the database arms nothing", async () => {
    const fake = fakeHost(ALONE, { ...TOOLS, "sqlite3 ": "*** in database main ***\n" });
    expect(armGuard(fake.transport, SPEC, NOW)).rejects.toMatchObject({ code: "E_GUARD" });
    await Bun.sleep(0);
    expect(await fake.transport.list(GUARD_DIR)).toEqual([]);
    expect(fake.changes.join("\n")).not.toContain("systemctl");
  });
});

describe("the guard", () => {
  test("without anything to guard does nothing", async () => {
    const fake = fakeHost(ALONE, {});
    expect(await runGuard(openHost(fake.transport, openGate(noJournal), noJournal))).toBeUndefined();
    expect(fake.changes).toEqual([]);
  });

  test("restores a host that is no quorate member: ends the run and pvecm, then corosync, then touches files", async () => {
    const { fake, host, copies, since } = await armed();
    expect(await runGuard(host)).toMatchObject({ outcome: "restored", files: 1, differing: [] });
    const at = (words: string) => since().findIndex((change) => change.includes(words));
    const order = [
      `systemctl stop ${APPLY_UNIT} tailmox-join-7`,
      "systemctl stop pve-cluster corosync",
      "rm -rf -- /etc/corosync/authkey",
      `install -m 0600 ${copies}/config.db /var/lib/pve-cluster/config.db`,
      "systemctl start pve-cluster",
      `write ${REPORT_FILE}`,
      `remove ${ARMED_FILE}`,
      "disable --now tailmox-guard-boot.timer",
    ].map(at);
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(await readReport(fake.transport)).toMatchObject({ outcome: "restored", node: "pve3" });
  });

  test("does not end the run that lets it restore the host: that has to tell what came of it", async () => {
    const { fake, host, since } = await armed();
    const state = await readArmed(fake.transport);
    if (!state) throw new Error("it was armed");
    await writeArmed(fake.transport, { ...state, applyUnit: undefined });
    expect(await runGuard(host)).toMatchObject({ outcome: "restored" });
    expect(since().join("\n")).not.toContain(APPLY_UNIT);
  });

  test("leaves a host alone that pvecm had not touched: what was changed there since must stay", async () => {
    const { fake, host, since } = await armed({ find: `${SUM}  /etc/pve/storage.cfg\n` }, false);
    expect(await runGuard(host)).toMatchObject({ outcome: "untouched" });
    expect(since().join("\n")).not.toMatch(/stop pve-cluster|config\.db/);
    expect(await fake.transport.text(ARMED_FILE)).toBeUndefined();
  });

  test("takes no host for untouched whose files are gone: a power cut in the middle looks standalone, too", async () => {
    const { fake, host, copies } = await armed({}, false);
    await fake.transport.write(`${copies}/digests`, `${SUM}  /etc/pve/user.cfg\n`, 0o600);
    expect(await runGuard(host)).toMatchObject({ outcome: "restored" });
  });

  test("says which files are not as they were", async () => {
    const { host, fake } = await armed();
    await fake.transport.write(
      "/var/lib/tailmox/backups/join-2026-11-23T07-00-00-000Z/digests",
      `${SUM}  /etc/pve/storage.cfg\n${SUM}  /etc/pve/user.cfg\n`,
      0o600,
    );
    expect(await runGuard(host)).toMatchObject({ files: 1, differing: ["/etc/pve/user.cfg"] });
  });

  test("leaves a quorate member, carries root's keys over, and goes", async () => {
    const { fake, host, since } = await armed({ "corosync-quorumtool": QUORATE });
    await fake.transport.write("/etc/pve/.members", MEMBER, 0o400);
    await fake.transport.write("/etc/pve/nodes/pve3/pve-ssl.pem", "PEM", 0o640);
    await fake.transport.write("/etc/pve/priv/authorized_keys", "ssh-rsa AAAAother root@pve1", 0o600);
    expect(await runGuard(host)).toMatchObject({ outcome: "kept" });
    expect(since().join("\n")).not.toMatch(/stop pve-cluster|updatecerts|config\.db/);
    // It may still be looking whether all holds.
    expect(since().join("\n")).not.toContain(APPLY_UNIT);
    expect(await fake.transport.text("/etc/pve/priv/authorized_keys")).toBe(
      "ssh-rsa AAAAother root@pve1\nssh-ed25519 AAAAmine me@laptop\n",
    );
    expect(await fake.transport.text(ARMED_FILE)).toBeUndefined();
  });

  test("makes the certificate that a member lacks whose join was cut off after the quorum", async () => {
    const { fake, host, since } = await armed({ "corosync-quorumtool": QUORATE });
    await fake.transport.write("/etc/pve/.members", MEMBER, 0o400);
    expect(await runGuard(host)).toMatchObject({ outcome: "kept" });
    expect(since()).toContain("run pvecm updatecerts --force");
  });

  test("touches nothing and stays armed while something of the join does not end", async () => {
    const { fake, host, since } = await armed({ "systemctl show corosync": "ActiveState=active\n" });
    // The first answer that fits counts.
    const stuck = fakeHost(
      { ...ALONE, [ARMED_FILE]: (await fake.transport.text(ARMED_FILE)) ?? "" },
      {
        "systemctl show corosync": "ActiveState=deactivating\n",
        "systemctl show": "ActiveState=inactive\n",
        "corosync-quorumtool": "",
        ...TOOLS,
      },
    );
    const error: unknown = await runGuard(openHost(stuck.transport, openGate(noJournal), noJournal)).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "E_GUARD" });
    expect(stuck.changes.join("\n")).not.toMatch(/run rm|config\.db/);
    expect(await stuck.transport.text(ARMED_FILE)).toBeDefined();
    expect(await readReport(stuck.transport)).toMatchObject({ outcome: "failed" });
    expect([host.name, since()]).toEqual(["pve1", []]);
  }, 20_000);
});

describe("comparing digests", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 8 });
  const list = (files: readonly string[], sum: string) =>
    files.map((name) => `${sum}  /etc/pve/${name}\n`).join("");

  test("finds nothing between equal lists, and everything between lists of other sums", () => {
    fc.assert(
      fc.property(names, (files) => {
        expect(compare(list(files, SUM), list([...files].reverse(), SUM))).toEqual({
          files: files.length,
          differing: [],
        });
        expect(compare(list(files, SUM), list(files, "b".repeat(64))).differing).toHaveLength(files.length);
        expect(compare(list(files, SUM), "").differing).toHaveLength(files.length);
      }),
    );
  });
});

test("keys are told apart by the key itself, and nothing but keys is carried over", () => {
  const before =
    '# mine\nssh-ed25519 AAAA1 a@b\n\nfrom="10.0.0.0/8" ssh-rsa AAAA2 c\nssh-ed25519 AAAA1 a@b\n';
  expect(missingKeys(before, "ssh-ed25519 AAAA1 another name\n")).toEqual([
    'from="10.0.0.0/8" ssh-rsa AAAA2 c',
  ]);
  expect(missingKeys(before, before)).toEqual([]);
});
