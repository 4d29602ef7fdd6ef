import { expect, test } from "bun:test";
import { knetStats, parseCmap } from "../../../../src/corosync/cmap.ts";

/** Lines of `corosync-cmapctl -m stats`, corosync 3.1.9. */
const stats = `stats.knet.node10.link0.connected (u8) = 1
stats.knet.node10.link0.latency_ave (u32) = 5
stats.knet.node10.link0.latency_samples (u32) = 2
stats.knet.node10.link0.mtu (u32) = 65535
stats.knet.node20.link0.connected (u8) = 1
stats.knet.node20.link0.down_count (u32) = 3
stats.knet.node20.link0.latency_ave (u32) = 90123
stats.knet.node20.link0.latency_samples (u32) = 60
stats.knet.node20.link0.mtu (u32) = 1173
stats.knet.node30.link0.connected (u8) = 0
stats.knet.node30.link0.latency_samples (u32) = 0
stats.srp.operational_entered (u64) = 4
`;

test("corosync's view of its links: other nodes only, times in ms", () => {
  expect(Object.fromEntries(knetStats(parseCmap(stats)))).toEqual({
    20: { connected: true, rttMs: 90.123, downs: 3, dataMtu: 1173 },
    30: { connected: false, rttMs: undefined, downs: 0, dataMtu: 0 },
  });
});

test("what corosync says when it does not run is no statistics", () => {
  expect(parseCmap("Failed to initialize the cmap API. Error CS_ERR_LIBRARY\n").size).toBe(0);
});
