import { describe, expect, test } from "bun:test";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { isYoung, readCreated } from "../../../../src/proxmox/created.ts";
import {
  dissolveCluster,
  finishDissolving,
  unfinishedDissolving,
} from "../../../../src/steps/dissolve-cluster.ts";
import { type FakeHost, fakeHost } from "../up/fake-host.ts";

const CONF = `nodelist {
  node {
    name: pve1
    nodeid: 1
    ring0_addr: 100.64.0.5
  }
}
totem {
  cluster_name: tailmox
}
`;
const MEMBERS = `{"nodename": "pve1", "version": 3,
 "cluster": { "name": "tailmox", "version": 1, "nodes": 1, "quorate": 1 },
 "nodelist": { "pve1": { "id": 1, "online": 1, "ip": "100.64.0.5"} } }`;
const QUORATE =
  "Quorate:          Yes\nExpected votes:   1\nTotal votes:      1\n0x00000001          1 100.64.0.5\n";
const created = (at: number) =>
  JSON.stringify({ cluster: "tailmox", by: "tailmox up", at: new Date(at).toISOString() });

/** A cluster of one, made a minute ago, with a pmxcfs that does what systemd tells it; `broken`: it does not start. */
function lone(more: Record<string, string> = {}, broken = false): FakeHost {
  const files = {
    "/etc/pve/corosync.conf": CONF,
    "/etc/corosync/corosync.conf": CONF,
    "/etc/corosync/authkey": "x",
    "/etc/pve/.members": MEMBERS,
    "/var/lib/corosync/ringid_1": "x",
    "/var/lib/tailmox/created.json": created(Date.now() - 60_000),
    ...more,
  };
  const answers = {
    "pvecm status": QUORATE,
    "systemctl show": "ActiveState=inactive\n",
    "pvesh get": "{}",
    "sqlite3 /var/lib/tailmox": "ok\n",
  };
  return fakeHost(files, answers, (line, held) => {
    const off = line.startsWith("systemctl stop") && /pve-cluster|tailmox-pmxcfs/.test(line);
    if (off) held.delete("/etc/pve/.members");
    if (line.includes("-- pmxcfs -l")) held.set("/etc/pve/.members", '{"nodename": "pve1", "version": 1}');
    if (line === "systemctl start pve-cluster" && !broken) {
      held.set("/etc/pve/.members", '{"nodename": "pve1", "version": 1}');
    }
    if (line === "systemctl start pve-cluster" && broken) return { exitCode: 1, stderr: "it does not start" };
    if (line === "systemctl start corosync pve-cluster") {
      held.set("/etc/pve/.members", MEMBERS);
      held.set("/etc/pve/corosync.conf", CONF);
    }
    return undefined;
  });
}

const open = ({ transport }: FakeHost) => openHost(transport, openGate(noJournal), noJournal);
const still = () => undefined;
const cluster: Cluster = {
  ...{ name: "tailmox", quorate: true, expectedVotes: 1, presentVotes: 1, qdevice: false, members: [] },
  provisional: true,
};
const step = dissolveCluster({ node: "pve1", cluster, waitMs: 0 });

describe("dissolving a cluster of one", () => {
  test("keeps the order of a separation, under the own join lock, and forgets the cluster", async () => {
    const fake = lone();
    expect(await step.check(open(fake))).toBe(false);
    expect(await step.do(open(fake), still)).toContain("standalone");
    expect(await step.check(open(fake))).toBe(true);
    const order = [
      /systemd-run .*--unit=tailmox-join-lock/,
      /sqlite3 .*\.backup/,
      /systemctl stop .*pve-cluster corosync/,
      /-- pmxcfs -l/,
      /remove \/etc\/pve\/corosync\.conf/,
      /rm -rf -- \/etc\/corosync\/authkey/,
      /systemctl stop tailmox-pmxcfs\.service$/,
      /systemctl start pve-cluster/,
      /rm -f -- \/var\/lib\/corosync\/ringid_1/,
      /pvecm updatecerts --force/,
      /remove \/var\/lib\/tailmox\/created\.json/,
      /systemctl stop tailmox-join-lock/,
    ];
    const places = order.map((words) => fake.changes.findIndex((change) => words.test(change)));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(await readCreated(fake.transport)).toBeUndefined();
  });

  test.each([
    ["that another host joined meanwhile", { "/etc/pve/corosync.conf": twoNodes() }],
    ["with a guest", { "/etc/pve/nodes/pve1/qemu-server/100.conf": "x" }],
    ["that is older than an hour", { "/var/lib/tailmox/created.json": created(Date.now() - 3_700_000) }],
  ])("leaves one %s alone, and lets the next joiner in", async (_, more) => {
    const fake = lone(more);
    expect(step.do(open(fake), still)).rejects.toMatchObject({ code: "E_CLUSTER_CHANGED" });
    await Bun.sleep(20);
    expect(fake.changes.join("\n")).not.toContain("pmxcfs");
    expect(fake.changes).toContain("run systemctl stop tailmox-join-lock.service");
  });

  test("puts the cluster of one back when pve-cluster does not start", async () => {
    const fake = lone({}, true);
    const error: unknown = await step.do(open(fake), still).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_DISSOLVE", likely: expect.stringContaining("it does not start") });
    expect(String(error)).toContain("put back");
    expect(fake.changes.join("\n")).toMatch(
      /install -m 0600 \S+\/config\.db \/var\/lib\/pve-cluster\/config\.db/,
    );
    expect((await readCreated(fake.transport))?.dissolving).toBeUndefined();
    expect(await unfinishedDissolving(open(fake))).toBeUndefined();
  });

  test("that was ended in its middle is finished by the next run", async () => {
    const begun = JSON.stringify({ cluster: "tailmox", by: "tailmox up", at: "x", dissolving: "/copies" });
    const fake = lone({ "/var/lib/tailmox/created.json": begun });
    expect(await unfinishedDissolving(open(fake))).toBeUndefined();
    await fake.transport.remove("/etc/pve/corosync.conf");
    expect(await unfinishedDissolving(open(fake))).toBe("/copies");
    await finishDissolving("/copies").do(open(fake), still);
    expect(await unfinishedDissolving(open(fake))).toBeUndefined();
    expect(fake.changes.join("\n")).toContain("rm -rf -- /etc/corosync/authkey");
  });

  test("is not gone on with where others have joined since, though this one is cut off from them", async () => {
    const begun = JSON.stringify({ cluster: "tailmox", by: "tailmox up", at: "x", dissolving: "/copies" });
    const fake = lone({
      "/var/lib/tailmox/created.json": begun,
      "/etc/corosync/corosync.conf": twoNodes(),
    });
    await fake.transport.remove("/etc/pve/.members");
    expect(await unfinishedDissolving(open(fake))).toBeUndefined();
  });
});

test("a cluster is young for an hour, by its own name, and not with a clock that is ahead", async () => {
  const now = 1_800_000_000_000;
  const young = (at: number, name = "tailmox") => isYoung({ text: async () => created(at) }, name, now);
  expect(await young(now - 3_599_000)).toBe(true);
  expect(await young(now - 3_600_000)).toBe(false);
  expect(await young(now + 120_000)).toBe(false);
  expect(await young(now, "other")).toBe(false);
  expect(await isYoung({ text: async () => undefined }, "tailmox", now)).toBe(false);
});

function twoNodes(): string {
  return CONF.replace(
    "nodelist {\n",
    "nodelist {\n  node {\n    name: pve2\n    nodeid: 2\n    ring0_addr: 100.64.0.6\n  }\n",
  );
}
