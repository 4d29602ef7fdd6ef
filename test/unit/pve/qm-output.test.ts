import { expect, test } from "bun:test";
import { snapshotTree, vmTable } from "../../../lab/pve/cli/qm-output.ts";
import { formatSize, parseSize, renderBytes } from "../../../lab/pve/storage/sizes.ts";

/** Snapshot times are shown in the host's own time zone. */
const NEW_YEAR = new Date(2025, 0, 1, 11).getTime() / 1_000;

test("qm listsnapshot indents each level by one blank and shows the first line of a description", () => {
  const tree = snapshotTree([
    { name: "second", parent: "ready-for-testing", snaptime: NEW_YEAR + 100_000, description: "" },
    { name: "ready-for-testing", snaptime: NEW_YEAR, description: "clean install\nof today" },
    { name: "current", parent: "second", description: "You are here!" },
  ]);
  expect(tree).toBe(`\`-> ready-for-testing           2025-01-01 11:00:00     clean install
 \`-> second                     2025-01-02 14:46:40     no-description
  \`-> current                                           You are here!
`);
});

test("qm listsnapshot always has the present state", () => {
  expect(snapshotTree([{ name: "current", description: "You are here!" }])).toMatch(
    /^`-> current +You are here!\n$/,
  );
});

test("qm list prints nothing without VMs, and aligned columns with", () => {
  expect(vmTable([])).toBe("");
  const [head, row] = vmTable([
    { vmid: 100, name: "web", status: "running", maxmem: 2 ** 31, maxdisk: 2 ** 33, pid: 77 },
  ]).split("\n");
  expect(head).toBe("      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID       ");
  expect(row).toBe("       100 web                  running    2048               8.00 77        ");
});

test("sizes are read with their unit or the one of the place, and written in the largest whole one", () => {
  expect(parseSize("32G", "K")).toBe(32 * 2 ** 30);
  expect(parseSize("1024", "K")).toBe(2 ** 20);
  expect(parseSize("much", "K")).toBeUndefined();
  expect(formatSize(32 * 2 ** 30)).toBe("32G");
  expect(formatSize(1.5 * 2 ** 30)).toBe("1536M");
  expect(renderBytes(0)).toBe("0 B");
  expect(renderBytes(1.5 * 2 ** 30)).toBe("1.5 GiB");
});
