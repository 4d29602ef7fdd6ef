import { expect, test } from "bun:test";
import type { Reader } from "../../../../src/host/host.ts";
import { parseEchoLines, probeFrom } from "../../../../src/latency/probe-host.ts";

/** As iputils prints it when several run at once. */
const mixed = `PING 100.64.0.2 (100.64.0.2) 56(84) bytes of data.
64 bytes from 100.64.0.2: icmp_seq=1 ttl=64 time=40.1 ms
PING 100.64.0.3 (100.64.0.3) 56(84) bytes of data.
64 bytes from 100.64.0.2: icmp_seq=2 ttl=64 time=20.1 ms
64 bytes from 100.64.0.2: icmp_seq=2 ttl=64 time=20.3 ms (DUP!)
64 bytes from 100.64.0.3: icmp_seq=4 ttl=64 time=90.5 ms
From 100.64.0.9 icmp_seq=2 Destination Host Unreachable

--- 100.64.0.2 ping statistics ---
4 packets transmitted, 2 received, 50% packet loss, time 466ms
rtt min/avg/max/mdev = 20.100/30.100/40.100/10.000 ms
`;

test("echoes of several pings at once are told apart, doubles are not counted", () => {
  expect(Object.fromEntries(parseEchoLines(mixed))).toEqual({
    "100.64.0.2": [
      { seq: 1, ms: 40.1 },
      { seq: 2, ms: 20.1 },
    ],
    "100.64.0.3": [{ seq: 4, ms: 90.5 }],
  });
});

/** A host whose pings print `mixed` and end so. */
function pinging(exitCode: number | null): Reader {
  return {
    name: "pve1",
    text: async () => undefined,
    list: async () => [],
    run: async (argv) => {
      const isEcho = argv.includes("ping") && argv.includes("-W") && !argv.includes("-M");
      const stdout = isEcho ? mixed : "";
      return { argv, exitCode, stdout, stderr: "", timedOut: exitCode === null, durationMs: 1 };
    },
  };
}

test("the first echo does not count, the others of all that were sent do", async () => {
  const { byAddress, knet } = await probeFrom(pinging(123), ["100.64.0.2", "100.64.0.3"], {
    count: 3,
    intervalMs: 100,
  });
  expect(byAddress.get("100.64.0.2")).toEqual({ sent: 3, rttMs: [20.1], mtu: undefined, path: undefined });
  expect(byAddress.get("100.64.0.3")).toMatchObject({ sent: 3, rttMs: [90.5] });
  expect(knet.size).toBe(0);
});

test("what a broken connection did not let be sent is not called lost", async () => {
  const { byAddress } = await probeFrom(pinging(255), ["100.64.0.2", "100.64.0.3", "100.64.0.4"], {
    count: 600,
    intervalMs: 100,
  });
  expect(byAddress.get("100.64.0.2")?.sent).toBe(1);
  expect(byAddress.get("100.64.0.3")?.sent).toBe(3);
  expect(byAddress.get("100.64.0.4")?.sent).toBe(0);
});
