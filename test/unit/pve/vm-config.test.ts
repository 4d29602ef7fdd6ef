import { describe, expect, test } from "bun:test";
import { bootDrive, drivesOf, formatDrive, parseDrive, withUnused } from "../../../lab/pve/guests/drives.ts";
import { withMac, withSomeMac, withUuid } from "../../../lab/pve/guests/identity.ts";
import { valuesOf } from "../../../lab/pve/guests/values.ts";
import { encodeText, formatVmConfig, parseVmConfig } from "../../../lab/pve/guests/vm-config.ts";

const FILE = `#testbed%3A 101
#second line
cores: 2
lock: snapshot
name: t1
parent: ready-for-testing
scsi0: local-zfs:base-9000-disk-0/vm-101-disk-0,size=8G

[PENDING]
cores: 4
delete: cpu

[ready-for-testing]
#clean install
cores: 2
name: t1
snaptime: 1735729200
`;

describe("the file of a VM", () => {
  test("is read into its sections, and written as it was", () => {
    const config = parseVmConfig(FILE);
    expect(config.current).toMatchObject({ description: "testbed: 101\nsecond line", lock: "snapshot" });
    expect(config.pending).toEqual({ cores: "4", delete: "cpu" });
    expect(config.snapshots["ready-for-testing"]).toEqual({
      description: "clean install",
      cores: "2",
      name: "t1",
      snaptime: "1735729200",
    });
    expect(formatVmConfig(config)).toBe(FILE);
  });

  test("may begin with a section, and be empty", () => {
    expect(parseVmConfig("[snap]\nname: a\n").snapshots).toEqual({ snap: { name: "a" } });
    expect(parseVmConfig("")).toEqual({ current: {}, pending: {}, snapshots: {} });
  });

  test("keeps sections of other kinds out of the snapshots", () => {
    expect(parseVmConfig("name: a\n\n[special:fleecing]\nx: 1\n").snapshots).toEqual({});
  });

  test("escapes a colon and what is no plain ASCII in a description, and leaves a percent sign", () => {
    expect(encodeText("a: ü 50%\n")).toBe("a%3A %C3%BC 50%%0A");
    const config = { current: { description: "uuid: ü" }, pending: {}, snapshots: {} };
    expect(parseVmConfig(formatVmConfig(config))).toEqual(config);
  });
});

describe("a drive", () => {
  test("is a volume with options, written in order", () => {
    const drive = parseDrive("file=local-zfs:vm-100-disk-0,ssd=1,size=32G");
    expect(drive).toEqual({ file: "local-zfs:vm-100-disk-0", options: { ssd: "1", size: "32G" } });
    expect(formatDrive(drive)).toBe("local-zfs:vm-100-disk-0,size=32G,ssd=1");
  });

  test("is no CD-ROM, no card and no unused volume", () => {
    const section = {
      ide2: "local:iso/x.iso,media=cdrom",
      net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0",
      scsi0: "a:vm-1-disk-0",
      unused0: "a:vm-1-disk-1",
      virtio1: "none",
    };
    expect(drivesOf(section).map(([name]) => name)).toEqual(["scsi0"]);
  });

  test("that the VM starts from is the first that the boot order names and there is", () => {
    const section = { boot: "order=ide2;scsi1;scsi0", scsi0: "a:vm-1-disk-0", scsi1: "a:vm-1-disk-1" };
    expect(bootDrive(section)?.[0]).toBe("scsi1");
    expect(bootDrive({ scsi0: "a:vm-1-disk-0" })?.[0]).toBe("scsi0");
    expect(bootDrive({})).toBeUndefined();
  });

  test("that goes takes the lowest free number of the unused ones, once", () => {
    const { section, name } = withUnused({ unused0: "a:x", unused2: "a:y" }, "a:z");
    expect([name, section.unused1]).toEqual(["unused1", "a:z"]);
    expect(withUnused(section, "a:y").name).toBe("unused2");
  });
});

describe("a VM's own identity", () => {
  test("is a fresh network address, whatever the card had", () => {
    const mac = /^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0$/;
    expect(withMac("virtio=BC:24:11:00:00:01,bridge=vmbr0")).toMatch(mac);
    expect(withMac("model=virtio,bridge=vmbr0,macaddr=BC:24:11:00:00:01")).toMatch(mac);
    expect(withSomeMac("virtio,bridge=vmbr0")).toMatch(mac);
    expect(withSomeMac("virtio=BC:24:11:00:00:01,bridge=vmbr0")).toBe(
      "virtio=BC:24:11:00:00:01,bridge=vmbr0",
    );
  });

  test("is a fresh uuid beside what else smbios1 says", () => {
    expect(withUuid("uuid=old,manufacturer=x")).toMatch(/^manufacturer=x,uuid=[0-9a-f-]{36}$/);
    expect(withUuid(undefined)).not.toBe(withUuid(undefined));
  });
});

describe("what a call sets", () => {
  test("leaves out what is no line of the file", () => {
    expect(valuesOf({ node: "pve1", vmid: 100, memory: 2048, start: 1, digest: "x" })).toEqual({
      memory: "2048",
    });
  });

  test("has tags in lower case, sorted, once each", () => {
    expect(valuesOf({ tags: "B,a b;Test" })).toEqual({ tags: "a;b;test" });
    expect(() => valuesOf({ tags: "a;-x" })).toThrow("Parameter verification failed.");
  });
});
