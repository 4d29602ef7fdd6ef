import { expect, test } from "bun:test";
import fc from "fast-check";
import { editHosts, resolveIn } from "../../../../src/cluster/hosts-file.ts";
import { undoHosts } from "../../../../src/cluster/hosts-undo.ts";

const BEFORE = "127.0.0.1 localhost\n192.168.1.11 pve1.lan pve1 # by the installer\n10.0.0.9 nas\n";
const ENTRIES = [
  { address: "100.64.0.1", name: "pve1", dnsName: "pve1.ts.net" },
  { address: "100.64.0.2", name: "pve2", dnsName: "pve2.ts.net" },
];

test("a file that nobody else touched is as before, byte for byte", () => {
  expect(undoHosts(editHosts(BEFORE, ENTRIES), BEFORE)).toBe(BEFORE);
});

test("what others added since stays, and the node has its address again", () => {
  const edited = editHosts(BEFORE, ENTRIES).replace("10.0.0.9 nas\n", "10.0.0.10 nas\n10.0.0.11 new\n");
  const undone = undoHosts(edited, BEFORE) ?? "";
  expect(undone).toBe(
    "127.0.0.1 localhost\n192.168.1.11 pve1.lan pve1 # by the installer\n10.0.0.10 nas\n10.0.0.11 new\n",
  );
});

test("a line that our names had emptied comes back", () => {
  const before = "127.0.0.1 localhost\n127.0.1.1 pve1\n192.168.1.12 pve2\n";
  const edited = `${editHosts(before, ENTRIES)}10.0.0.11 new\n`;
  expect(resolveIn(undoHosts(edited, before) ?? "", "pve2")).toEqual(["192.168.1.12"]);
  expect(undoHosts(edited, before)).toContain("127.0.1.1 pve1\n");
});

test("a file without our block is left alone", () => {
  expect(undoHosts(BEFORE, BEFORE)).toBeUndefined();
});

test("the way there and back keeps any file", () => {
  const line = fc.oneof(
    fc.constantFrom("192.168.1.11 pve1", "10.1.1.1 pve2 pve2.lan", "# note", "", "::1 localhost", "x"),
    fc.string().map((text) => text.replace(/[\r\n]/g, "")),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const before = lines.map((each) => `${each}\n`).join("");
      fc.pre(!before.includes("tailmox"));
      expect(undoHosts(editHosts(before, ENTRIES), before)).toBe(before);
    }),
  );
});
