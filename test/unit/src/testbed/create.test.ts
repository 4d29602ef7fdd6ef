import { expect, test } from "bun:test";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost, type Writer } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { openGround } from "../../../../src/testbed/ground.ts";
import { readMark } from "../../../../src/testbed/mark.ts";
import { create } from "./bed.ts";
import { fakeProxmox, TEMPLATE } from "./fake-proxmox.ts";

test("clones become hosts of their own with a mark and a snapshot; a second run has nothing to do", async () => {
  const fake = fakeProxmox();
  const { outcome, nodes } = await create(fake);
  expect(outcome).toBe("created");
  expect(nodes.map(({ name, vmid }) => [name, vmid])).toEqual([
    ["tailmox-test1", 201],
    ["tailmox-test2", 202],
  ]);
  const [one, two] = [fake.vms.get(201), fake.vms.get(202)];
  expect(readMark(one?.conf.description ?? "")).toMatchObject({ vmid: 201, stage: "ready" });
  expect(one?.guest.hostname).toBe("tailmox-test1");
  expect(one?.guest.files.get("/etc/hosts")).toBe(
    "127.0.0.1 localhost\n192.168.1.151 tailmox-test1.lan tailmox-test1\n",
  );
  expect(one?.guest.files.get("/etc/machine-id")).not.toBe(two?.guest.files.get("/etc/machine-id"));
  const keyFile = "/etc/ssh/ssh_host_ed25519_key.pub";
  expect(one?.guest.files.get(keyFile)).not.toBe(two?.guest.files.get(keyFile));
  expect([...(one?.guest.files.keys() ?? [])].some((path) => path.includes("tailscale"))).toBe(false);
  expect([...(one?.guest.files.keys() ?? [])].filter((path) => path.includes("/nodes/template"))).toEqual([]);
  expect(one?.guest.files.get("/root/.ssh/authorized_keys")).toContain("HOSTKEY");
  expect(one?.snapshots.map(({ name }) => name)).toEqual(["ready-for-testing"]);
  expect(one?.power).toBe("running");

  fake.changes.length = 0;
  expect((await create(fake)).outcome).toBe("nothing to do");
  expect(fake.changes).toEqual([]);
});

test("a VM of somebody else's with the same name, and the template, stay as they are", async () => {
  const fake = fakeProxmox();
  const before = structuredClone([fake.vms.get(105)?.conf, fake.vms.get(TEMPLATE)?.conf]);
  await create(fake);
  expect([fake.vms.get(105)?.conf, fake.vms.get(TEMPLATE)?.conf]).toEqual(before);
  expect(fake.changes.filter((line) => line.includes(" 105"))).toEqual([]);
});

test("a dry run changes nothing", async () => {
  const fake = fakeProxmox();
  expect((await create(fake, { dryRun: true })).outcome).toBe("dry run");
  expect(fake.changes).toEqual([]);
});

test("a clone that a power cut left half made is made anew, and its lock is nobody's any more", async () => {
  const fake = fakeProxmox();
  await create(fake, { nodes: 1 });
  const half = fake.vms.get(201);
  const mark = readMark(half?.conf.description ?? "");
  if (!half || !mark) throw new Error("no VM 201");
  half.power = "stopped";
  half.conf = {
    ...half.conf,
    lock: "clone",
    description: `tailmox-testbed: ${JSON.stringify({ ...mark, uuid: null, stage: "making" })}`,
  };
  fake.changes.length = 0;
  expect((await create(fake, { nodes: 1 })).outcome).toBe("created");
  expect(fake.changes.slice(0, 3)).toEqual(["qm unlock 201", "qm destroy 201 --purge", "qm clone 9000 201"]);
});

test("a run that ended before the identities goes on with them", async () => {
  const fake = fakeProxmox();
  fake.lies.add("snapshot");
  const failed: unknown = await create(fake).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "E_QM" });
  fake.lies.clear();
  fake.changes.length = 0;
  expect((await create(fake)).outcome).toBe("created");
  expect(fake.changes.some((line) => line.startsWith("qm clone"))).toBe(false);
  expect(fake.vms.get(202)?.snapshots.length).toBe(1);
});

test("a clone that ends with 0 and made nothing is told as what it is", async () => {
  const fake = fakeProxmox();
  fake.lies.add("clone");
  const failed: unknown = await create(fake).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "E_QM", likely: expect.stringContaining("as if all were well") });
});

test.each([
  ["a number that is taken", { vmid: 105 }, "E_TESTBED_VMID"],
  ["a template that is none", { template: 105 }, "E_TESTBED_TEMPLATE"],
  ["a template that is not there", { template: 4711 }, "E_TESTBED_TEMPLATE"],
  ["an image that is not there", { template: undefined, image: "/nowhere.raw" }, "E_TESTBED_TEMPLATE"],
  ["a name that is no host name", { prefix: "test_" }, "E_TESTBED_NAME"],
  ["a name that ends nowhere", { prefix: "x".repeat(63) }, "E_TESTBED_NAME"],
  ["a snapshot with a name that Proxmox refuses", { snapshot: "no blanks" }, "E_TESTBED_NAME"],
  ["a storage that a linked clone cannot lie on", { storage: "other" }, "E_TESTBED_STORAGE"],
])("%s is refused with nothing changed", async (_words, wishes, code) => {
  const fake = fakeProxmox();
  expect(await create(fake, wishes).catch((error: unknown) => error)).toMatchObject({ code });
  expect(fake.changes).toEqual([]);
});

test("a host without nested virtualisation, room, memory or bridge is refused with nothing changed", async () => {
  const cases = [
    ["E_TESTBED_NESTED", (fake) => fake.files.set("/sys/module/kvm_intel/parameters/nested", "N\n")],
    ["E_TESTBED_NESTED", (fake) => fake.files.delete("/sys/module/kvm_intel/parameters/nested")],
    ["E_TESTBED_ROOM", (fake) => Object.assign(fake, { freeMiB: 8_000 })],
    ["E_TESTBED_ROOM", (fake) => Object.assign(fake, { storage: { type: "zfspool", freeGiB: 3 } })],
    ["E_TESTBED_STORAGE", (fake) => Object.assign(fake, { storage: { type: "lvm", freeGiB: 300 } })],
    ["E_TESTBED_BRIDGE", (fake) => fake.files.delete("/sys/class/net/vmbr0/address")],
  ] satisfies [string, (fake: ReturnType<typeof fakeProxmox>) => unknown][];
  for (const [code, spoil] of cases) {
    const fake = fakeProxmox();
    spoil(fake);
    expect(await create(fake).catch((error: unknown) => error)).toMatchObject({ code });
    expect(fake.changes).toEqual([]);
  }
});

test("a machine that is no Proxmox host is refused", async () => {
  const fake = fakeProxmox();
  const missing = {
    exitCode: null,
    stdout: "",
    stderr: "spawn pveversion ENOENT",
    timedOut: false,
    durationMs: 1,
  };
  const carrier: Writer = { ...fake.carrier, run: async (argv) => ({ ...missing, argv }) };
  const host = openHost(carrier, closedGate, noJournal);
  expect(await openGround(host, carrier).catch((error: unknown) => error)).toMatchObject({
    code: "E_NOT_PVE",
  });
});
