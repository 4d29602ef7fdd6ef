import { describe, expect, test } from "bun:test";
import { parseJournal } from "../../../proof/corosync-cells/journal.ts";
import { happenedBetween, isWhole, usableAfter } from "../../../proof/corosync-cells/ring-log.ts";

/** Lines of corosync 3.1.9 in the foreground, as it wrote them. */
const LOG = `Nov 23 08:58:15.920 notice  [MAIN  ] Corosync Cluster Engine 3.1.9 starting up
Nov 23 08:58:20.616 notice  [TOTEM ] Token has not been received in 2594 ms
Nov 23 08:58:21.912 notice  [QUORUM] Sync members[3]: 1 2 3
Nov 23 08:58:21.912 notice  [TOTEM ] A new membership (1.d) was formed. Members joined: 2 3
Nov 23 08:58:22.528 notice  [QUORUM] Members[3]: 1 2 3
Nov 23 08:58:22.528 notice  [MAIN  ] Completed service synchronization, ready to provide service.
Nov 23 08:59:01.004 info    [KNET  ] link: host: 2 link: 0 is down
Nov 23 08:59:04.100 notice  [TOTEM ] A processor failed, forming new configuration: token timed out (3125ms), waiting 3750ms for consensus.
Nov 23 08:59:08.000 notice  [TOTEM ] A new membership (1.11) was formed. Members left: 2
Nov 23 08:59:08.200 notice  [QUORUM] Members[2]: 1 3
Nov 23 08:59:08.200 notice  [MAIN  ] Completed service synchronization, ready to provide service.
`;
const entries = parseJournal(LOG, new Date("2026-11-23T09:00:00"));
const at = (time: string) => Date.parse(`Nov 23 ${time} 2026`);

describe("what a corosync wrote down", () => {
  test("is read with its ms, and nothing else than what matters", () => {
    expect(entries.map(({ what }) => what)).toEqual([
      ...(["ring", "members", "usable"] as const),
      ...(["link down", "token lost"] as const),
      ...(["ring", "members", "usable"] as const),
    ]);
    expect(entries[0]?.at).toBe(at("08:58:21") + 912);
    expect(entries.find((entry) => entry.what === "members")?.members).toEqual([1, 2, 3]);
  });

  test("is counted between two moments, each ring once however many hosts tell it", () => {
    const counted = happenedBetween([entries, entries], at("08:59:00"), at("09:00:00"));
    expect(counted).toEqual({ rings: 1, mostOfOneHost: 1, linkDowns: 2, tokenLosses: 2 });
  });

  test("tells when all were one ring, and when a host was usable again", () => {
    const before = entries.filter((entry) => entry.at < at("08:59:00"));
    expect(isWhole([before, before, before])).toBe(true);
    expect(isWhole([entries, before, before])).toBe(false);
    expect(usableAfter(entries, at("08:59:00"))).toBe(at("08:59:08") + 200);
    expect(usableAfter(entries, at("09:00:00"))).toBeUndefined();
  });
});
