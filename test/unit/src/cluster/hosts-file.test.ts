import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editHosts, type HostsEntry, resolveIn, withoutBlock } from "../../../../src/cluster/hosts-file.ts";

const own: HostsEntry = { address: "100.64.0.6", name: "pve3", dnsName: "pve3.tail1234.ts.net" };
const installer = "127.0.0.1 localhost.localdomain localhost\n192.168.1.20 pve3.example.lan pve3\n";

describe("hosts file", () => {
  test("the installer's line loses the node's names, and keeps the LAN address as NAME.lan", () => {
    const edited = editHosts(installer, [own]);
    expect(edited).toStartWith("127.0.0.1 localhost.localdomain localhost\n192.168.1.20 pve3.lan\n");
    expect(edited).toContain("\n100.64.0.6 pve3.example.lan pve3\n");
    expect(resolveIn(edited, "pve3")).toEqual(["100.64.0.6"]);
    expect(resolveIn(edited, "pve3.example.lan")).toEqual(["100.64.0.6"]);
  });

  test("without a fully qualified name the tailnet's stands first", () => {
    expect(editHosts("192.168.1.20 pve3\n", [own])).toContain("100.64.0.6 pve3.tail1234.ts.net pve3\n");
  });

  test("a name on Debian's 127.0.1.1 line is taken out, and the empty line goes", () => {
    expect(editHosts("127.0.1.1 pve3\n", [own])).not.toContain("127.0.1.1");
  });

  test("other names of a conflicting line, its comment and its gaps stay", () => {
    const edited = editHosts("192.168.1.20\tpve3 nas www.pve3   # by hand\n", [own]);
    expect(edited).toStartWith("192.168.1.20\tpve3.lan nas www.pve3   # by hand\n");
  });

  test("a host whose domain is lan keeps that name for its LAN address", () => {
    const edited = editHosts("192.168.1.20 pve3.lan pve3\n", [own]);
    expect(resolveIn(edited, "pve3.lan")).toEqual(["192.168.1.20"]);
    expect(resolveIn(edited, "pve3")).toEqual(["100.64.0.6"]);
  });

  test("names are compared without regard to case, and longer names are others", () => {
    const edited = editHosts("192.168.1.20 PVE3\n192.168.1.30 pve30\n", [own]);
    expect(resolveIn(edited, "pve3")).toEqual(["100.64.0.6"]);
    expect(edited).toContain("192.168.1.30 pve30\n");
  });

  test("a new tailnet address replaces the old one in the block", () => {
    const moved = editHosts(editHosts(installer, [own]), [{ ...own, address: "100.64.0.9" }]);
    expect(resolveIn(moved, "pve3")).toEqual(["100.64.0.9"]);
    expect(moved).toContain("100.64.0.9 pve3.example.lan pve3\n");
  });

  test("a block without its end is not cut, since nobody knows where it ends", () => {
    const torn = "# BEGIN tailmox\n100.64.0.1 pve1\n10.0.0.5 printer\n";
    expect(editHosts(torn, [own])).toContain("10.0.0.5 printer\n");
  });
});

const name = fc.constantFrom("pve1", "pve2", "pve3", "PVE3", "pve3.example.lan", "pve30", "nas", "pve3.lan");
const address = fc.constantFrom(
  "127.0.0.1",
  "127.0.1.1",
  "192.168.1.20",
  "10.0.0.5",
  "fd00::5",
  "100.64.0.6",
);
const gap = fc.constantFrom(" ", "\t", "   ");
const line = fc.oneof(
  fc
    .tuple(address, gap, fc.array(name, { minLength: 1, maxLength: 4 }))
    .map(([a, g, n]) => `${a}${g}${n.join(g)}`),
  fc.constantFrom("", "# a comment", "   ", "not an address at all", "# pve3 moved", "192.168.1.9 x # pve3"),
);
const hostsText = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, ending, closed]) => lines.join(ending) + (closed ? ending : ""));
const entries = fc.constantFrom(
  [own],
  [
    own,
    { address: "100.64.0.1", name: "pve1", dnsName: "" },
    { address: "100.64.0.2", name: "pve2", dnsName: "" },
  ],
);

describe("hosts file, for any text", () => {
  test("each name resolves to its address and to no other", () => {
    fc.assert(
      fc.property(hostsText, entries, (text, wanted) => {
        const edited = editHosts(text, wanted);
        for (const entry of wanted) {
          expect(new Set(resolveIn(edited, entry.name))).toEqual(new Set([entry.address]));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("editing twice changes nothing more", () => {
    fc.assert(
      fc.property(hostsText, entries, (text, wanted) => {
        const once = editHosts(text, wanted);
        expect(editHosts(once, wanted)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test("lines that name none of ours stay byte for byte, in their order", () => {
    fc.assert(
      fc.property(hostsText, entries, (text, wanted) => {
        const ours = (word: string) =>
          wanted.some(({ name: short }) =>
            [short, `${short}.`].some((start) =>
              start.endsWith(".") ? word.toLowerCase().startsWith(start) : word.toLowerCase() === start,
            ),
          );
        const foreign = (text.match(/[^\n]*\n|[^\n]+/g) ?? []).filter(
          (one) => !(one.split("#")[0] ?? "").split(/\s+/).slice(1).some(ours),
        );
        const edited = editHosts(text, wanted);
        let from = 0;
        for (const one of foreign) {
          const at = edited.indexOf(one.replace(/\r?\n$/, ""), from);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at;
        }
      }),
      { numRuns: 500 },
    );
  });

  test("every byte of a foreign line stays, its ending too, whatever stands in the file", () => {
    const any = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", ""));
    const lines = fc.array(fc.oneof(line, any), { maxLength: 8 });
    fc.assert(
      fc.property(lines, fc.constantFrom("\n", "\r\n"), entries, (all, ending, wanted) => {
        const names = new RegExp(wanted.map((entry) => entry.name).join("|"), "i");
        const isForeign = (one: string) => !names.test(one) && !one.startsWith("# BEGIN tailmox");
        const foreign = all.filter(isForeign).map((one) => one + ending);
        const edited = withoutBlock(editHosts(all.map((one) => one + ending).join(""), wanted));
        // In their order; a line of ours that lost its name may look like one of them.
        let left: string[] = [...(edited.match(/[^\n]*\n|[^\n]+/g) ?? [])];
        for (const one of foreign) {
          expect(left).toContain(one);
          left = left.slice(left.indexOf(one) + 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("survives any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(resolveIn(editHosts(text, [own]), "pve3")).toContain("100.64.0.6");
      }),
    );
  });
});
