import { expect, test } from "bun:test";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { foundersTimers, lacksFoundersTimers } from "../../../../src/steps/founders-timers.ts";
import { fakeHost } from "../up/fake-host.ts";

const CONF = "totem {\n  cluster_name: tailmox\n  token_coefficient: 125\n}\n";
const cluster: Cluster = {
  name: "tailmox",
  quorate: true,
  expectedVotes: 1,
  presentVotes: 1,
  qdevice: false,
  members: [{ name: "pve1", id: 10, link0: "100.64.0.1", votes: 1, published: "100.64.0.1", online: true }],
};
const made = JSON.stringify({ cluster: "tailmox", by: "tailmox up", at: "2026-01-01T00:00:00.000Z" });

function lacks(files: Record<string, string>, among = cluster): Promise<boolean> {
  return lacksFoundersTimers({ text: async (path) => files[path] }, among);
}

test("a cluster of one that up made, with Proxmox's timers, lacks its own: that run was cut off", async () => {
  const files = { "/etc/pve/corosync.conf": CONF, "/var/lib/tailmox/created.json": made };
  expect(await lacks(files)).toBe(true);
  const tuned = { ...files, "/etc/pve/corosync.conf": CONF.replace("token_", "token: 10000\n  token_") };
  expect(await lacks(tuned)).toBe(false);
});

test("the timers of a cluster that somebody else made, or that has others in it, are left alone", async () => {
  expect(await lacks({ "/etc/pve/corosync.conf": CONF })).toBe(false);
  const other = made.replace('"tailmox"', '"other"');
  expect(await lacks({ "/etc/pve/corosync.conf": CONF, "/var/lib/tailmox/created.json": other })).toBe(false);
  const files = { "/etc/pve/corosync.conf": CONF, "/var/lib/tailmox/created.json": made };
  expect(await lacks(files, { ...cluster, members: [...cluster.members, ...cluster.members] })).toBe(false);
});

test("what is no lock is not waited for as long as a lock is, and fails with its own reason", async () => {
  const { transport } = fakeHost(
    { "/etc/pve/corosync.conf": CONF },
    { "mkdir -p": "", "mkdir /etc": "", rmdir: "", dd: { exitCode: 1, stderr: "Permission denied" } },
  );
  const { do: setTimers } = foundersTimers({ lockMs: 150_000, restMs: 0 });
  const host = openHost(transport, openGate(noJournal), noJournal);
  expect(await setTimers(host, () => undefined).catch((error: unknown) => error)).toMatchObject({
    code: "E_TUNE_WRITE",
    likely: "Permission denied",
  });
});
