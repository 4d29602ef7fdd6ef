import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baysOf, hypervisorHosts, machinesOf } from "../../../../lab/hypervisor/bays.ts";
import { Disks, imageDir } from "../../../../lab/hypervisor/disks.ts";
import { type LabPlan, planLab } from "../../../../lab/plan.ts";
import { imageIn, imageMark } from "../../../../lab/pve/guests/hypervisor-protocol.ts";
import { scenario } from "../../../../lab/scenario.ts";

const read = scenario.parse({
  name: "t",
  summary: "",
  tailnet: "none",
  sites: [{ name: "home" }],
  hosts: [
    { name: "pve1", site: "home", release: "pve9" },
    { name: "pve2", site: "home", release: "pve9" },
    { name: "bay1", site: "home", release: "pve9", bayOf: "pve1" },
  ],
});
const names = (hosts: readonly { name: string }[]) => hosts.map(({ name }) => name);

let plan: LabPlan;
let disks: Disks;

beforeEach(async () => {
  plan = { ...planLab("t", read), dir: await mkdtemp(join(tmpdir(), "lab-disks-")) };
  disks = new Disks(plan, { name: "pve1" });
  await mkdir(imageDir(plan, "debian"), { recursive: true });
  await writeFile(join(imageDir(plan, "debian"), "disk.img"), "as installed");
  await writeFile(join(imageDir(plan, "debian"), "image.json"), '{"lowers":["/x"]}');
});
afterEach(() => rm(plan.dir, { recursive: true }));

/** What a machine would find on a volume, put into a bay. */
async function inserted(volume: string): Promise<string> {
  const bay = plan.hosts.find(({ bayOf }) => bayOf === "pve1");
  if (!bay) throw new Error("the plan has a bay");
  const here = { ...bay, dir: join(plan.dir, "bay1") };
  await disks.insert(volume, here);
  expect(await readFile(join(here.dir, "image.json"), "utf8")).toBe('{"lowers":["/x"]}');
  return await readFile(join(here.dir, "disk.img"), "utf8");
}

test("a bay is no machine of the lab's own, and its owner has a hypervisor", () => {
  expect(names(machinesOf(plan))).toEqual(["pve1", "pve2"]);
  expect(names(hypervisorHosts(plan))).toEqual(["pve1"]);
  expect(names(baysOf(plan, { name: "pve1" }))).toEqual(["bay1"]);
});

test("a clone has the machine of its template, and what is written to it is its own", async () => {
  await disks.import("debian", "zfs:vm-9000-disk-0");
  await disks.rename("zfs:vm-9000-disk-0", "zfs:base-9000-disk-0");
  expect(await disks.copy("zfs:base-9000-disk-0", undefined, "zfs:base-9000-disk-0/vm-101-disk-0")).toBe(
    true,
  );
  expect(await inserted("zfs:base-9000-disk-0/vm-101-disk-0")).toBe("as installed");
  await writeFile(join(plan.dir, "bay1", "disk.img"), "changed");
  expect(await inserted("zfs:base-9000-disk-0/vm-101-disk-0")).toBe("changed");
  expect(await inserted("zfs:base-9000-disk-0")).toBe("as installed");
});

test("a rollback brings the machine of the snapshot back, and a copy can be made of that, too", async () => {
  await disks.import("debian", "a:vm-1-disk-0");
  await disks.snapshot("a:vm-1-disk-0", "ready");
  await inserted("a:vm-1-disk-0");
  await writeFile(join(plan.dir, "bay1", "disk.img"), "changed");
  await disks.copy("a:vm-1-disk-0", "ready", "a:vm-2-disk-0");
  await disks.rollback("a:vm-1-disk-0", "ready");
  expect(await inserted("a:vm-1-disk-0")).toBe("as installed");
  expect(await inserted("a:vm-2-disk-0")).toBe("as installed");
});

test("a volume without a machine is copied, renamed, kept and freed without a word", async () => {
  expect(await disks.copy("a:vm-1-disk-0", undefined, "a:vm-2-disk-0")).toBe(false);
  await disks.rename("a:vm-1-disk-0", "a:base-1-disk-0");
  await disks.snapshot("a:vm-1-disk-0", "x");
  await disks.rollback("a:vm-1-disk-0", "x");
  await disks.free("a:vm-1-disk-0");
  expect(disks.has("a:vm-2-disk-0")).toBe(false);
});

test("a file stands for an image by its first line alone", () => {
  expect(imageIn(`${imageMark("debian")}DATA 2G\n\0\0`)).toBe("debian");
  expect(imageIn("QFI\xfb")).toBeUndefined();
  expect(disks.import("nothing", "a:vm-1-disk-0")).rejects.toThrow('the lab has no disk image "nothing"');
});
