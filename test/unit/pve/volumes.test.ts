import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNode, type PveNode } from "../../../lab/pve/node/pve-node.ts";
import { RELEASE_FILE, RELEASES } from "../../../lab/pve/node/release.ts";
import {
  assertRollbackPossible,
  deleteVolumeSnapshot,
  hasFeature,
  snapshotVolume,
} from "../../../lab/pve/storage/snapshots.ts";
import { mustFindStorage, spaceOf } from "../../../lab/pve/storage/storages.ts";
import {
  allocate,
  cloneVolume,
  copyVolume,
  fillVolume,
  freeVolume,
  makeBase,
} from "../../../lab/pve/storage/volumes.ts";

const GIB = 2 ** 30;
let node: PveNode;

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "pve-volumes-"));
  const put = async (path: string, text: string) => {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await put("/etc/hostname", "pve1\n");
  await put(RELEASE_FILE, JSON.stringify(RELEASES.pve9));
  await put("/etc/pve/storage.cfg", STORAGES);
  for (const name of ["zfs", "thin", "dir", "lvm"]) {
    await put(`/var/lib/lab-pve/volumes/${name}/total`, "20G\n");
  }
  node = await openNode(root);
});
afterAll(() => rm(node.root, { recursive: true }));

const STORAGES = `zfspool: zfs
	pool rpool/data

lvmthin: thin
	vgname pve
	thinpool data

dir: dir
	path /var/lib/images

lvm: lvm
	vgname slow

zfspool: elsewhere
	pool rpool/data
	nodes pve2

dir: off
	path /x
	disable
`;

async function avail(name: string): Promise<number> {
  return (await spaceOf(node, await mustFindStorage(node, name)))?.avail ?? 0;
}

describe("volumes of a ZFS pool", () => {
  test("reserve their whole size, and are refused when that does not fit", async () => {
    const before = await avail("zfs");
    const volid = await allocate(node, "zfs", { vmid: 100, size: 8 * GIB });
    expect(volid).toBe("zfs:vm-100-disk-0");
    expect(before - (await avail("zfs"))).toBe(8 * GIB);
    const tooMuch = allocate(node, "zfs", { vmid: 101, size: 13 * GIB });
    expect(tooMuch).rejects.toThrow("zfs error: cannot create 'rpool/data/vm-101-disk-0': out of space");
    await freeVolume(node, volid);
    expect(await avail("zfs")).toBe(before);
  });

  test("become bases, whose linked clones take no room and forbid to free them", async () => {
    const base = await makeBase(node, await allocate(node, "zfs", { vmid: 900, size: 8 * GIB }));
    expect(base).toBe("zfs:base-900-disk-0");
    const before = await avail("zfs");
    const clone = await cloneVolume(node, base, 110);
    expect(clone).toBe("zfs:base-900-disk-0/vm-110-disk-0");
    expect(await avail("zfs")).toBe(before);
    expect(freeVolume(node, base)).rejects.toThrow("is still in use (use by 'vm-110-disk-0')");
    await freeVolume(node, clone);
    await freeVolume(node, base);
  });

  test("roll back to their newest snapshot alone", async () => {
    const volid = await allocate(node, "zfs", { vmid: 120, size: GIB });
    await snapshotVolume(node, volid, "a");
    await assertRollbackPossible(node, volid, "a");
    await snapshotVolume(node, volid, "b");
    expect(assertRollbackPossible(node, volid, "a")).rejects.toThrow(
      "can't rollback, 'a' is not most recent snapshot on 'zfs:vm-120-disk-0'",
    );
    expect(assertRollbackPossible(node, volid, "c")).rejects.toThrow("snapshot 'c' does not exist");
    await deleteVolumeSnapshot(node, volid, "b");
    await assertRollbackPossible(node, volid, "a");
    await freeVolume(node, volid);
  });

  test("need room for a snapshot as large as their data", async () => {
    const volid = await allocate(node, "zfs", { vmid: 121, size: 12 * GIB });
    await fillVolume(node, volid, 10 * GIB);
    expect(snapshotVolume(node, volid, "a")).rejects.toThrow(
      "zfs error: cannot create snapshot 'rpool/data/vm-121-disk-0@a': out of space",
    );
    await freeVolume(node, volid);
  });
});

describe("volumes of a thin pool", () => {
  test("take what is written to them, and a copy that does not fit fails half way", async () => {
    const first = await allocate(node, "thin", { vmid: 100, size: 100 * GIB });
    expect(await avail("thin")).toBe(20 * GIB);
    await fillVolume(node, first, 12 * GIB);
    const second = await allocate(node, "thin", { vmid: 101, size: 100 * GIB });
    expect(copyVolume(node, first, undefined, second)).rejects.toThrow(
      /No space left on device\ncopy failed: /,
    );
    await fillVolume(node, second, 8 * GIB);
    expect(allocate(node, "thin", { vmid: 102, size: GIB })).rejects.toThrow("reached threshold");
    for (const volid of [first, second]) await freeVolume(node, volid);
  });

  test("are named without their base when they are linked clones", async () => {
    const base = await makeBase(node, await allocate(node, "thin", { vmid: 900, size: GIB }));
    expect(await cloneVolume(node, base, 110)).toBe("thin:vm-110-disk-0");
  });
});

describe("volumes of a directory", () => {
  test("are files of a format, which decides about snapshots", async () => {
    const raw = await allocate(node, "dir", { vmid: 100, size: GIB });
    const qcow2 = await allocate(node, "dir", { vmid: 100, size: GIB, format: "qcow2" });
    expect([raw, qcow2]).toEqual(["dir:100/vm-100-disk-0.raw", "dir:100/vm-100-disk-1.qcow2"]);
    expect(await Bun.file(join(node.root, "/var/lib/images/images/100/vm-100-disk-0.raw")).exists()).toBe(
      true,
    );
    expect(await hasFeature(node, "snapshot", raw)).toBe(false);
    expect(await hasFeature(node, "snapshot", qcow2)).toBe(true);
    const clone = await cloneVolume(node, await makeBase(node, qcow2), 101);
    expect(clone).toBe("dir:100/base-100-disk-1.qcow2/101/vm-101-disk-0.qcow2");
  });
});

test("a plain volume group has neither bases nor linked clones nor snapshots", async () => {
  const volid = await allocate(node, "lvm", { vmid: 100, size: GIB });
  for (const feature of ["template", "clone", "snapshot"] as const) {
    expect(await hasFeature(node, feature, volid)).toBe(false);
  }
  expect(await hasFeature(node, "copy", volid)).toBe(true);
});

test("a volume keeps the name of its VM", () => {
  expect(allocate(node, "zfs", { vmid: 100, size: GIB, name: "vm-101-disk-0" })).rejects.toThrow(
    "illegal name 'vm-101-disk-0' - should be 'vm-100-*'",
  );
});

test.each([
  ["nowhere", "storage 'nowhere' does not exist"],
  ["elsewhere", "storage 'elsewhere' is not available on node 'pve1'"],
  ["off", "storage 'off' is disabled"],
])("the storage %s is refused", (name, text) => {
  expect(mustFindStorage(node, name)).rejects.toThrow(text);
});
