import { describe, expect, test } from "bun:test";
import type { TcpAnswer } from "../../../../../src/host/tcp.ts";
import { parseStatus } from "../../../../../src/tailnet/status.ts";
import { clockWarnings } from "../../../../../src/up/preflight/clock.ts";
import { icmpObstacles, icmpWarnings } from "../../../../../src/up/preflight/icmp.ts";
import { mtuObstacles, mtuWarnings } from "../../../../../src/up/preflight/mtu.ts";
import { nameObstacles } from "../../../../../src/up/preflight/names.ts";
import { pathWarnings } from "../../../../../src/up/preflight/path.ts";
import { routeWarnings } from "../../../../../src/up/preflight/routes.ts";
import { tcpObstacles } from "../../../../../src/up/preflight/tcp.ts";
import { versionWarnings } from "../../../../../src/up/preflight/versions.ts";

const OPEN: TcpAnswer = { kind: "open", ms: 20 };
const ports = (ssh: TcpAnswer, web: TcpAnswer) =>
  new Map<number, TcpAnswer>([
    [22, ssh],
    [8006, web],
  ]);
const echoes = (back: number) => ({ sent: 20, rttMs: Array.from({ length: back }, () => 20) });

describe("pings", () => {
  test("that all come back say nothing; a few that are lost warn; a quarter of them stops", () => {
    expect([icmpObstacles(echoes(20)), icmpWarnings(echoes(20))]).toEqual([[], []]);
    expect(icmpObstacles(echoes(16))).toEqual([]);
    expect(icmpWarnings(echoes(19))).toMatchObject([{ what: "1 of 20 echoes was lost" }]);
    expect(icmpObstacles(echoes(15))).toMatchObject([{ check: "loss" }]);
    expect(icmpWarnings(echoes(15))).toEqual([]);
  });

  test("that are refused are told from those that vanish", () => {
    const [silence] = icmpObstacles(echoes(0));
    const [refused] = icmpObstacles({ ...echoes(0), refusal: "Packet filtered (from 100.64.0.2)" });
    expect(silence?.what).toContain("no refusal");
    expect(silence?.mend).toBe("tailmox policy check");
    expect(refused?.what).toContain("Packet filtered");
    expect(refused?.mend).toContain("nft");
  });
});

describe("TCP 22 and 8006", () => {
  test("that are open say nothing", () => {
    expect(tcpObstacles(ports(OPEN, OPEN), false)).toEqual([]);
  });

  test("are refused by a service that is not there, silent by a filter between, each with its own mend", () => {
    const [silent, refused] = tcpObstacles(
      ports({ kind: "silent", afterMs: 4_000 }, { kind: "refused" }),
      false,
    );
    expect(silent).toMatchObject({ what: "TCP 22: no answer in 4 s", mend: "tailmox policy check" });
    expect(refused?.what).toBe("TCP 8006: refused");
    expect(refused?.mend).toContain("systemctl status pveproxy");
  });

  test("that are silent where pings are refused have the filter that refuses to thank for it", () => {
    const [silent] = tcpObstacles(ports({ kind: "silent", afterMs: 4_000 }, OPEN), true);
    expect(silent?.likely).toContain("refuses the pings");
    expect(silent?.mend).toContain("nft");
  });

  test("that could not be tried are not called closed", () => {
    const [failed, untried] = tcpObstacles(
      new Map([[22, { kind: "failed", reason: "EHOSTUNREACH" }]]),
      false,
    );
    expect(failed?.what).toBe("TCP 22: EHOSTUNREACH");
    expect(untried?.what).toBe("TCP 8006: not tried");
  });
});

describe("packets", () => {
  const sizes = (largest: number | undefined, ownMtu?: number) => ({
    tried: [1280, 1200, 576],
    largest,
    ownMtu,
  });

  test("of the tunnel's whole size are asked for; 1200 are enough, with a word; less stops", () => {
    expect([mtuObstacles(sizes(1280), true), mtuWarnings(sizes(1280))]).toEqual([[], []]);
    expect(mtuObstacles(sizes(1200), true)).toEqual([]);
    expect(mtuWarnings(sizes(1200))[0]?.mend).toContain("knet_mtu to 1200");
    expect(mtuObstacles(sizes(576), true)).toMatchObject([{ code: "E_MTU" }]);
  });

  test("that do not even leave this host are its own tunnel's fault", () => {
    expect(mtuObstacles(sizes(576, 1_100), true)[0]?.likely).toContain("TS_DEBUG_MTU");
    expect(mtuObstacles(sizes(576), true)[0]?.likely).toContain("below the tunnel");
  });

  test("of which none came back say nothing of sizes where no ping does, and stop where small ones do", () => {
    expect([mtuObstacles(sizes(undefined), false), mtuWarnings(sizes(undefined))]).toEqual([[], []]);
    expect(mtuObstacles(sizes(undefined), true)[0]?.what).toContain("and smaller ones");
  });
});

describe("clocks", () => {
  test("warn beyond 5 s, and only by what the look is good for", () => {
    expect(clockWarnings(undefined)).toEqual([]);
    expect(clockWarnings({ aheadMs: 5_400, accuracyMs: 600 })).toEqual([]);
    expect(clockWarnings({ aheadMs: -7_000, accuracyMs: 600 })[0]?.what).toContain(
      "7 s behind this host's (to 0.6 s)",
    );
  });
});

test("different major versions of Proxmox VE warn, and an unknown one does not", () => {
  expect(versionWarnings("9.1.2", "9.0.1")).toEqual([]);
  expect(versionWarnings("9.1.2", undefined)).toEqual([]);
  expect(versionWarnings("9.1.2", "8.4.1")[0]?.what).toBe("Proxmox VE 8.4.1 there, 9.1.2 here");
});

test("two hosts of one node name, or of one address, cannot be clustered", () => {
  const own = { name: "this host", address: "100.64.0.1", node: "pve1" };
  const peer = { name: "pve1-1", address: "100.64.0.2", node: "PVE1" };
  expect(nameObstacles(peer, [own])).toMatchObject([{ code: "E_SAME_NAME", check: "name" }]);
  expect(nameObstacles({ ...peer, node: undefined }, [{ ...own, node: "x" }])).toEqual([]);
  const clone = { name: "pve2", address: "100.64.0.1", node: "pve2" };
  expect(nameObstacles(clone, [own])[0]?.likely).toContain("/var/lib/tailscale");
});

test("a relayed path warns and names the relay; a direct one does not", () => {
  expect(pathWarnings("pve2", { kind: "DERP", region: "fra" })[0]?.what).toContain("DERP fra");
  expect(pathWarnings("pve2", { kind: "direct", via: "192.0.2.1:41641" })).toEqual([]);
});

describe("a subnet route of another node", () => {
  const status = parseStatus(
    JSON.stringify({
      Version: "1",
      BackendState: "Running",
      Self: {},
      Peer: {
        a: { DNSName: "router.ts.net.", PrimaryRoutes: ["192.168.0.0/16", "0.0.0.0/0"] },
        b: { DNSName: "other.ts.net.", PrimaryRoutes: ["10.9.0.0/24"] },
      },
    }),
  );
  const lans = [{ device: "vmbr0", address: "192.168.1.11", network: "192.168.1.0/24" }];

  test("over this host's own LAN warns where routes are accepted", () => {
    if (!status) throw new Error("the test's own answer cannot be read");
    expect(routeWarnings({ acceptRoutes: true }, status, lans)).toMatchObject([
      { what: "this host takes the route 192.168.0.0/16 from router, over its own 192.168.1.0/24 on vmbr0" },
    ]);
    expect(routeWarnings({ acceptRoutes: false }, status, lans)).toEqual([]);
  });
});
