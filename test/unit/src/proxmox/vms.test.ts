import { expect, test } from "bun:test";
import type { Reader } from "../../../../src/host/host.ts";
import { readPower, readSnapshots, readVm } from "../../../../src/proxmox/vms.ts";

function answering(answer: unknown, exitCode = 0): Reader {
  const stdout = JSON.stringify(answer);
  return {
    name: "pve1",
    run: async (argv) => ({ argv, exitCode, stdout, stderr: "", timedOut: false, durationMs: 1 }),
    text: async () => undefined,
    list: async () => [],
  };
}

test("a VM is read from Proxmox's own spelling of it", async () => {
  const config = {
    name: "t1",
    memory: "current=4096",
    template: 1,
    cpu: "cputype=host,flags=+aes",
    agent: "enabled=1,fstrim_cloned_disks=1",
    smbios1: "uuid=6A7B2C9E-0000-4000-8000-000000000001,manufacturer=x",
    scsi0: "local-zfs:base-9000-disk-0/vm-101-disk-0,discard=on,size=32G",
    efidisk0: "local-zfs:vm-101-disk-1,size=1M",
    ide2: "local:iso/pve.iso,media=cdrom,size=1G",
    ide3: "none,media=cdrom",
    unused0: "local-zfs:vm-101-disk-7",
    net0: "virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,firewall=1",
    lock: "rollback",
  };
  const vm = await readVm(answering(config), "pve1", 101);
  expect(vm).toMatchObject({
    memoryMiB: 4096,
    template: true,
    cpu: "host",
    agent: true,
    uuid: "6a7b2c9e-0000-4000-8000-000000000001",
    unused: ["local-zfs:vm-101-disk-7"],
    nets: [{ bridge: "vmbr0", mac: "bc:24:11:aa:bb:cc" }],
    lock: "rollback",
  });
  expect(vm.disks.map(({ slot, storage, gib }) => [slot, storage, Math.ceil(gib)])).toEqual([
    ["scsi0", "local-zfs", 32],
    ["efidisk0", "local-zfs", 1],
  ]);
});

test("a VM that is paused is not taken for one that runs", async () => {
  expect(await readPower(answering({ status: "running", qmpstatus: "paused" }), "pve1", 101)).toBe("paused");
  expect(await readPower(answering({ status: "running" }), "pve1", 101)).toBe("running");
  expect(await readPower(answering({ status: "stopped", qmpstatus: "stopped" }), "pve1", 101)).toBe(
    "stopped",
  );
});

test("snapshots come in the order of time, without the one that is none, and half ones are marked", async () => {
  const list = [
    { name: "staged", parent: "ready", snaptime: 200, description: "b\n", snapstate: "delete" },
    { name: "ready", snaptime: 100, description: "a\n" },
    { name: "current", parent: "staged", running: 1, description: "You are here!" },
  ];
  const snapshots = await readSnapshots(answering(list), "pve1", 101);
  expect(snapshots.map(({ name, unfinished }) => [name, unfinished])).toEqual([
    ["ready", false],
    ["staged", true],
  ]);
});

test("an answer of another form is an error and no empty list", async () => {
  const failed: unknown = await readSnapshots(answering({ data: [] }), "pve1", 101).catch((error) => error);
  expect(failed).toMatchObject({ code: "E_COMMAND_FAILED" });
});
