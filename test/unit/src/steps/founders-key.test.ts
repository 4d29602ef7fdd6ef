import { expect, test } from "bun:test";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { foundersKey, lacksFoundersKey } from "../../../../src/steps/founders-key.ts";
import { fakeHost } from "../up/fake-host.ts";

const cluster: Cluster = {
  name: "tailmox",
  quorate: false,
  expectedVotes: 1,
  presentVotes: 0,
  qdevice: false,
  members: [{ name: "pve1", id: 10, link0: "100.64.0.1", votes: 1, published: undefined, online: true }],
};
const made = JSON.stringify({ cluster: "tailmox", by: "tailmox up", at: "2026-01-01T00:00:00.000Z" });

function host(size: string, files: Record<string, string> = { "/var/lib/tailmox/created.json": made }) {
  const fake = fakeHost(files, { stat: size });
  return { fake, host: openHost(fake.transport, openGate(noJournal), noJournal) };
}

test("an empty key is lost only where up made this cluster of one", async () => {
  expect(await lacksFoundersKey(host("0\n").host, cluster)).toBe(true);
  expect(await lacksFoundersKey(host("256\n").host, cluster)).toBe(false);
  expect(await lacksFoundersKey(host("").host, cluster)).toBe(false);
  expect(await lacksFoundersKey(host("0\n", {}).host, cluster)).toBe(false);
  const two = { ...cluster, members: [...cluster.members, ...cluster.members] };
  expect(await lacksFoundersKey(host("0\n").host, two)).toBe(false);
});

test("a key that is there is never replaced", async () => {
  expect(await foundersKey().check(host("256\n").host)).toBe(true);
  expect(await foundersKey().check(host("0\n").host)).toBe(false);
});
