import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { logPath } from "../../../lab/pve/tasks/task-files.ts";
import { formatUpid, parseUpid } from "../../../lab/pve/tasks/upid.ts";

/** From proxmox.md 5.5. */
const SAMPLE = "UPID:pve2:00001A2B:0003C4D5:65A1B2C3:clusterjoin::root@pam:";

describe("a task's identifier", () => {
  test("is taken apart", () => {
    expect(parseUpid(SAMPLE)).toEqual({
      upid: SAMPLE,
      node: "pve2",
      pid: 0x1a2b,
      pstart: 0x3c4d5,
      starttime: 0x65a1b2c3,
      type: "clusterjoin",
      id: "",
      user: "root@pam",
    });
  });

  test("comes back the same from its parts, for any of them", () => {
    const parts = fc.record({
      node: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}[a-z0-9]$/),
      pid: fc.integer({ min: 1, max: 0xffffffff }),
      pstart: fc.integer({ min: 0, max: 0xfffffffff }),
      starttime: fc.integer({ min: 0, max: 0xffffffff }),
      type: fc.constantFrom("clusterjoin", "srvrestart"),
      id: fc.string({ maxLength: 12, unit: "grapheme-ascii" }),
      user: fc.constantFrom("root@pam", "root@pam!token"),
    });
    fc.assert(fc.property(parts, (given) => expect(parseUpid(formatUpid(given))).toMatchObject(given)));
  });

  test("leads to a log below the last hex digit of its start", () => {
    expect(logPath(SAMPLE)).toBe(`/var/log/pve/tasks/3/${SAMPLE}`);
  });

  test.each(["", "UPID:pve1", "UPID:../x:00000001:00000001:00000001:a::b:", SAMPLE.slice(0, -1)])(
    "%j is none",
    (text) => {
      expect(parseUpid(text)).toBeUndefined();
    },
  );
});
