import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddresses } from "../../../../src/host/addresses.ts";
import { skewOfDate } from "../../../../src/host/clock.ts";
import type { Reader } from "../../../../src/host/host.ts";
import { lansOf } from "../../../../src/host/lans.ts";
import { parseOwnMtu, tryPacketSizes } from "../../../../src/host/packet-size.ts";
import { parseEchoes, parsePingRefusal, pingHost } from "../../../../src/host/ping.ts";
import type { RunResult } from "../../../../src/host/run.ts";

/** A host on which every command ends so. */
function answering(result: Partial<RunResult> | ((argv: readonly string[]) => Partial<RunResult>)): Reader {
  return {
    name: "pve1",
    run: async (argv) => ({
      ...{ argv, exitCode: 0, stdout: "", stderr: "", timedOut: false, durationMs: 1 },
      ...(typeof result === "function" ? result(argv) : result),
    }),
    text: async () => undefined,
    list: async () => [],
  };
}

const reply = (seq: number) => `64 bytes from 100.64.0.2: icmp_seq=${seq} ttl=64 time=21.5 ms\n`;

describe("ping", () => {
  test("that is missing is an error of its own, and not a host that does not answer", async () => {
    const bare = answering({ exitCode: null, stderr: "spawn ping ENOENT" });
    const code = { code: "E_TOOL_MISSING" };
    expect(await pingHost(bare, "100.64.0.2", 3).catch((error: unknown) => error)).toMatchObject(code);
    expect(await tryPacketSizes(bare, "100.64.0.2", [1280]).catch((error: unknown) => error)).toMatchObject(
      code,
    );
  });

  test("does not count its first echo, and tells a refusal from silence", async () => {
    const some = answering({ stdout: reply(1) + reply(2) + reply(4) });
    expect(await pingHost(some, "100.64.0.2", 3)).toEqual({ sent: 3, rttMs: [21.5, 21.5] });
    const refused = answering({ exitCode: 1, stdout: "From 100.64.0.2 icmp_seq=1 Packet filtered\n" });
    expect(await pingHost(refused, "100.64.0.2", 3)).toMatchObject({
      rttMs: [],
      refusal: "Packet filtered (from 100.64.0.2)",
    });
    expect(parsePingRefusal("", "ping: sendmsg: Operation not permitted\n")).toBe(
      "sendmsg: Operation not permitted",
    );
    expect(parsePingRefusal("PING 100.64.0.2 56(84) bytes of data.\n", "")).toBeUndefined();
  });

  test("finds the largest packet that passes, and the own interface where that is too small", async () => {
    const upTo = (most: number) =>
      answering((argv) => {
        const size = Number(argv[argv.indexOf("-s") + 1]) + 28;
        return size <= most
          ? { stdout: reply(1) }
          : { exitCode: 1, stderr: `ping: local error: message too long, mtu=${most}\n` };
      });
    const tried = [1280, 1200, 576];
    expect(await tryPacketSizes(upTo(1500), "x", tried)).toEqual({ tried, largest: 1280, ownMtu: undefined });
    expect(await tryPacketSizes(upTo(1200), "x", tried)).toEqual({ tried, largest: 1200, ownMtu: 1200 });
    expect(await tryPacketSizes(answering({ exitCode: 1 }), "x", tried)).toMatchObject({
      largest: undefined,
    });
    // iputils of bookworm and trixie.
    expect(parseOwnMtu("ping: local error: message too long, mtu: 1200")).toBe(1200);
  });
});

describe("a web server's clock", () => {
  test("is read from its header Date, to half a second and half of what asking took", () => {
    const at = Date.parse("2026-11-23T09:00:10Z");
    expect(skewOfDate("Mon, 23 Nov 2026 09:00:10 GMT", at - 100, at + 100)).toEqual({
      aheadMs: 500,
      accuracyMs: 600,
    });
    expect(skewOfDate("", at, at)).toBeUndefined();
    expect(skewOfDate("tomorrow", at, at)).toBeUndefined();
  });
});

test("the networks of this host are those of its addresses, without Tailscale's and loopback", () => {
  const address = (ifname: string, local: string, prefixlen: number, family = "inet") => ({
    ifname,
    addr_info: [{ family, local, prefixlen, scope: "global" }],
  });
  const text = JSON.stringify([
    address("lo", "127.0.0.1", 8),
    address("vmbr0", "192.168.1.211", 24),
    address("eno2", "172.20.5.9", 20),
    address("tailscale0", "100.64.0.1", 32),
    address("vmbr0", "fe80::1", 64, "inet6"),
  ]);
  expect(lansOf(parseAddresses(text))).toEqual([
    { device: "vmbr0", address: "192.168.1.211", network: "192.168.1.0/24" },
    { device: "eno2", address: "172.20.5.9", network: "172.20.0.0/20" },
  ]);
});

test("no text of another program throws (property)", () => {
  const json = fc.json().map((text) => text.replaceAll("a", "addr_info"));
  fc.assert(
    fc.property(fc.oneof(fc.string(), json), (text) => {
      parseEchoes(text);
      parsePingRefusal(text, text);
      parseOwnMtu(text);
      lansOf(parseAddresses(text));
      expect(skewOfDate(text, 0, 0)).toBeUndefined();
    }),
  );
});
