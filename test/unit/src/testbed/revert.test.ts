import { expect, test } from "bun:test";
import type { ControlPlane, Device } from "../../../../src/tailnet/api/control-plane.ts";
import { readMark, snapshotText } from "../../../../src/testbed/mark.ts";
import { bedOfTwo, destroy, revert } from "./bed.ts";
import type { FakeProxmox } from "./fake-proxmox.ts";

function snapshot(fake: FakeProxmox, vmid: number, name: string, description: string): void {
  const vm = fake.vms.get(vmid);
  if (!vm) throw new Error(`no VM ${vmid}`);
  const parent = vm.conf.parent;
  vm.snapshots.push({ name, description, parent, snaptime: 2e9, guest: vm.guest, conf: vm.conf });
  vm.conf = { ...vm.conf, parent: name };
}

function ownSnapshotText(fake: FakeProxmox, vmid: number): string {
  const uuid = readMark(fake.vms.get(vmid)?.conf.description ?? "")?.uuid ?? "";
  return snapshotText({ vmid, uuid, device: null });
}

test("every VM goes back to its snapshot and runs; own newer snapshots go first", async () => {
  const fake = await bedOfTwo();
  fake.vms.get(201)?.guest.files.set("/root/rubbish", "x");
  snapshot(fake, 201, "staged", ownSnapshotText(fake, 201));
  const { outcome, vms } = await revert(fake);
  expect(outcome).toBe("reverted");
  expect(vms.map(({ removedSnapshots }) => removedSnapshots)).toEqual([["staged"], []]);
  expect(fake.vms.get(201)?.guest.files.has("/root/rubbish")).toBe(false);
  expect([201, 202].map((vmid) => fake.vms.get(vmid)?.power)).toEqual(["running", "running"]);
});

test("somebody else's newer snapshot stops it before anything is changed, on any VM", async () => {
  const fake = await bedOfTwo();
  snapshot(fake, 202, "mine", "before the upgrade");
  const failed: unknown = await revert(fake).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "E_TESTBED_SNAPSHOT", message: expect.stringContaining('"mine"') });
  expect(fake.changes).toEqual([]);
});

test("the mark of another VM's snapshot does not make one the testbed's own", async () => {
  const fake = await bedOfTwo();
  snapshot(fake, 202, "copied", ownSnapshotText(fake, 201));
  expect(await revert(fake).catch((error: unknown) => error)).toMatchObject({ code: "E_TESTBED_SNAPSHOT" });
  expect(fake.changes).toEqual([]);
});

test("a missing snapshot is said before anything is changed", async () => {
  const fake = await bedOfTwo();
  const vm = fake.vms.get(202);
  if (vm) vm.snapshots = [];
  expect(await revert(fake).catch((error: unknown) => error)).toMatchObject({ code: "E_TESTBED_SNAPSHOT" });
  expect(fake.changes).toEqual([]);
});

test("a dry run tells what would go and changes nothing", async () => {
  const fake = await bedOfTwo();
  snapshot(fake, 201, "staged", ownSnapshotText(fake, 201));
  expect(await revert(fake, { dryRun: true })).toMatchObject({
    outcome: "dry run",
    vms: [{ removedSnapshots: ["staged"] }, { removedSnapshots: [] }],
  });
  expect(fake.changes).toEqual([]);
});

test("only the VM that is named goes back", async () => {
  const fake = await bedOfTwo();
  await revert(fake, { wanted: ["tailmox-test2"] });
  expect(fake.changes.filter((line) => line.includes(" 201"))).toEqual([]);
  expect(await revert(fake, { wanted: ["pve1"] }).catch((error: unknown) => error)).toMatchObject({
    code: "E_TESTBED_NODE",
  });
});

test.each(["paused", "stopped", "running"])("a VM that is %s goes back, too", async (power) => {
  const fake = await bedOfTwo();
  const vm = fake.vms.get(201);
  if (vm) vm.power = power;
  expect((await revert(fake)).outcome).toBe("reverted");
  expect(vm?.power).toBe("running");
});

test("a rollback that ends with 0 and did nothing is told as a failure", async () => {
  const fake = await bedOfTwo();
  snapshot(fake, 201, "staged", ownSnapshotText(fake, 201));
  fake.lies.add("delsnapshot");
  expect(await revert(fake).catch((error: unknown) => error)).toMatchObject({ code: "E_QM" });
});

test("a lock of a task that was cut off is taken away, a backup's is not", async () => {
  const fake = await bedOfTwo();
  const vm = fake.vms.get(201);
  if (vm) vm.conf.lock = "rollback";
  await revert(fake);
  expect(fake.changes[0]).toBe("qm unlock 201");

  if (vm) vm.conf.lock = "backup";
  fake.changes.length = 0;
  expect(await revert(fake).catch((error: unknown) => error)).toMatchObject({ code: "E_TESTBED_LOCKED" });
  expect(fake.changes.filter((line) => / 201/.test(line))).toEqual([]);
});

test("a VM that answers neither by agent nor by ssh is named", async () => {
  const fake = await bedOfTwo();
  const vm = fake.vms.get(202);
  if (vm) vm.agent = false;
  const failed: unknown = await revert(fake).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: "E_TESTBED_SILENT",
    message: expect.stringContaining("tailmox-test2 (VM 202)"),
  });
});

test("a copy of a test VM bears its mark and is never touched", async () => {
  const fake = await bedOfTwo();
  const original = fake.vms.get(201);
  if (!original) throw new Error("no VM 201");
  const conf = { ...original.conf, smbios1: `uuid=${crypto.randomUUID()}` };
  fake.vms.set(300, { ...original, conf });
  // Restored from a backup under the same number, with another board.
  const other = fake.vms.get(202);
  if (other) other.conf = { ...other.conf, smbios1: `uuid=${crypto.randomUUID()}` };
  const { vms } = await revert(fake);
  expect(vms.map(({ vmid }) => vmid)).toEqual([201]);
  await destroy(fake);
  expect([...fake.vms.keys()].sort()).toEqual([105, 202, 300, 9000]);
});

test("destroy takes the testbed's VMs and no others; then there is no testbed", async () => {
  const fake = await bedOfTwo();
  await destroy(fake);
  expect([...fake.vms.keys()].sort()).toEqual([105, 9000]);
  expect(await destroy(fake).catch((error: unknown) => error)).toMatchObject({ code: "E_TESTBED_NONE" });
});

test("devices go by the ids that were seen in the VMs, whatever a rollback does to their marks", async () => {
  const fake = await bedOfTwo();
  const [one, two] = [fake.vms.get(201), fake.vms.get(202)];
  if (!one || !two) throw new Error("no testbed");
  one.guest.device = "n1";
  // What was logged in when the snapshot was made is needed again after it.
  for (const { guest } of two.snapshots) guest.device = "n2";
  two.guest.device = "n2";
  const device = (id: string, address: string) =>
    ({
      id,
      name: id,
      addresses: [address],
      tags: ["tag:tailmox-test"],
      external: false,
    }) as unknown as Device;
  const deleted: string[] = [];
  const plane = {
    kind: "hosted",
    url: "https://api.tailscale.com",
    devices: async () => [
      device("n1", "100.64.0.151"),
      device("n2", "100.64.0.152"),
      device("n3", "100.64.0.7"),
    ],
    deleteDevice: async (id: string) => void deleted.push(id),
  } as unknown as ControlPlane;
  const { removedDevices } = await revert(fake, { plane });
  expect(deleted).toEqual(["n1"]);
  expect(removedDevices).toEqual(["n1"]);
  // An id that is given out anew must not be taken for this VM's.
  expect(readMark(one.conf.description ?? "")?.devices).toEqual([]);
});
