import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parsePrefs } from "../../../../src/tailnet/facts.ts";
import { parsePongs } from "../../../../src/tailnet/ping.ts";
import { parseStatus, withTag } from "../../../../src/tailnet/status.ts";

const node = (name: string, more: object = {}) => ({
  ID: `n${name}CNTRL`,
  HostName: "same for all",
  DNSName: `${name}.tail1234.ts.net.`,
  TailscaleIPs: ["fd7a::1", "100.64.0.1"],
  Online: true,
  Relay: "fra",
  CurAddr: "",
  ...more,
});

const running = (peers: object | null) =>
  JSON.stringify({
    Version: "1.102.3",
    TUN: true,
    BackendState: "Running",
    Self: node("pve1", { Tags: ["tag:tailmox"] }),
    Peer: peers,
    Health: null,
    SomethingNew: { deep: [1, 2] },
  });

describe("tailscale status --json", () => {
  test("names lose their dot, addresses are chosen by family, unknown keys do not matter", () => {
    expect(parseStatus(running(null))?.self).toMatchObject({
      name: "pve1",
      dnsName: "pve1.tail1234.ts.net",
      address: "100.64.0.1",
    });
  });

  test("no visible peers are null, and none", () => {
    expect(parseStatus(running(null))?.peers).toEqual([]);
  });

  test("tag:old-tailmox and tag:tailmox-old are not tag:tailmox, and an untagged node has no tags at all", () => {
    const status = parseStatus(
      running({
        a: node("a", { Tags: ["tag:tailmox-old"] }),
        b: node("b", { Tags: ["tag:old-tailmox"] }),
        c: node("c"),
        d: node("d", { Tags: ["tag:web", "tag:tailmox"] }),
      }),
    );
    expect(withTag(status?.peers ?? [], "tag:tailmox").map(({ name }) => name)).toEqual(["d"]);
  });

  test("the home region alone does not mean relayed", () => {
    const path = (more: object) => parseStatus(running({ a: node("a", more) }))?.peers[0]?.path;
    expect(path({ CurAddr: "192.0.2.7:41641" })).toEqual({ kind: "direct", via: "192.0.2.7:41641" });
    expect(path({ Active: true })).toEqual({ kind: "DERP", region: "fra" });
    expect(path({ PeerRelay: "192.0.2.9:40000:vni:1" })?.kind).toBe("peer relay");
    expect(path({})).toEqual({ kind: "unknown" });
  });

  test("logged out is an answer like any other", () => {
    const text = JSON.stringify({ Version: "1.96.2", BackendState: "NeedsLogin", Self: {}, Peer: null });
    expect(parseStatus(text)).toMatchObject({ state: "NeedsLogin", self: { tags: [], address: undefined } });
  });

  test("any other text is no status, and nothing throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseStatus(text)).toBeUndefined();
        parsePrefs(text);
        parsePongs(text);
      }),
    );
  });
});

test("tailscale ping tells direct, relayed and through a peer, in ms", () => {
  const text = [
    "pong from pve2 (100.64.0.2) via DERP(fra) in 143ms",
    'ping "100.64.0.2" timed out',
    "pong from pve2 (100.64.0.2) via peer-relay(192.0.2.9:40000:vni:1) in 1.203s",
    "pong from pve2 (100.64.0.2) via 10.66.0.5:41641 in 21ms",
  ].join("\n");
  expect(parsePongs(text)).toEqual([
    { path: { kind: "DERP", region: "fra" }, ms: 143 },
    { path: { kind: "peer relay", via: "192.0.2.9:40000:vni:1" }, ms: 1203 },
    { path: { kind: "direct", via: "10.66.0.5:41641" }, ms: 21 },
  ]);
});
