import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddresses } from "../../../src/host/addresses.ts";
import { parseClockKept } from "../../../src/host/clock-kept.ts";
import { managesHosts } from "../../../src/host/cloud-init.ts";
import { parseFreeBytes } from "../../../src/host/free-disk.ts";
import { lansOf } from "../../../src/host/lans.ts";
import { parseGateways, parseNeighbours, parseResolvers } from "../../../src/host/network.ts";
import { parseOwnMtu } from "../../../src/host/packet-size.ts";
import { parseEchoes, parsePingRefusal } from "../../../src/host/ping.ts";
import { inFstab, inStorages } from "../../../src/host/remote-servers.ts";
import { parseEchoLines } from "../../../src/latency/probe-host.ts";
import { parseKnownHost } from "../../../src/latency/reach-host.ts";
import { parsePasswords } from "../../../src/up/passwords.ts";
import { parseWho } from "../../../src/up/preflight/administrator.ts";
import { anyJsonLike, anyText } from "./texts.ts";

const RUNS = { numRuns: 500 };

test("what iproute2 says, however damaged, is addresses or nothing", () => {
  const addresses = [{ ifname: "vmbr0", addr_info: [{ family: "inet", local: "10.0.0.2", prefixlen: 24 }] }];
  const routes = [{ dst: "default", gateway: "10.0.0.1", nexthops: [{ gateway: "10.0.0.3" }] }];
  const neighbours = [{ dst: "10.0.0.1", lladdr: "BC:24:11:00:00:01", state: ["REACHABLE"] }];
  const samples = [addresses, routes, neighbours].map((sample) => anyJsonLike(sample));
  fc.assert(
    fc.property(fc.oneof(...samples, anyText(JSON.stringify(addresses))), (text) => {
      for (const { address } of parseAddresses(text)) expect(typeof address).toBe("string");
      for (const gateway of parseGateways(text)) expect(typeof gateway).toBe("string");
      for (const [, mac] of parseNeighbours(text)) expect(mac).toBe(mac.toLowerCase());
      lansOf(parseAddresses(text));
    }),
    RUNS,
  );
});

test("what the host's small tools and files say is read without a fault", () => {
  const ping = "64 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=21.0 ms\nFrom 10.0.0.1 icmp_seq=1 Filtered\n";
  const others = [
    "nameserver 10.0.0.1\n",
    "Avail\n9000\n",
    "NTPSynchronized=yes\n",
    "manage_etc_hosts: true\n",
    "ping: local error: message too long, mtu=1200\n",
    "root pts/0 2026-01-01 10:00 (100.64.0.7)\n",
    "100.64.0.1 ssh-ed25519 AAAA\n",
    "pve1=secret\npve2=a=b\n",
  ];
  const files =
    "nfs: nas\n\tserver pve1\nceph: c\n\tmonhost a:6789,b\nnas:/x /mnt nfs 0 0\n//nas/s /m cifs\n";
  fc.assert(
    fc.property(anyText(ping, files, ...others), (text) => {
      for (const { ms } of parseEchoes(text)) expect(typeof ms).toBe("number");
      parsePingRefusal(text, text);
      parseOwnMtu(text);
      parseResolvers(text);
      parseEchoLines(text);
      parseWho(text);
      parseKnownHost(text, "100.64.0.1");
      managesHosts(text);
      parsePasswords(text).of("pve1", ["pve1", "pve2"]);
      expect(["synchronised", "not synchronised", "unknown"]).toContain(parseClockKept(text));
      expect(parseFreeBytes(text) ?? 0).toBeGreaterThanOrEqual(0);
      for (const { server } of [...inStorages(text), ...inFstab(text)]) expect(server).not.toBe("");
    }),
    RUNS,
  );
});
