import { expect, test } from "bun:test";
import fc from "fast-check";
import { parsePrefs } from "../../../src/tailnet/facts.ts";
import { readLoginAnswer, unmentionedFlags } from "../../../src/tailnet/login.ts";
import { parsePongs } from "../../../src/tailnet/ping.ts";
import { readPort443, WEB_TARGET } from "../../../src/tailnet/serve.ts";
import {
  approvedAddresses,
  readServicePort,
  servicesWithWebPage,
} from "../../../src/tailnet/service-host.ts";
import { parseStatus, withTag } from "../../../src/tailnet/status.ts";
import { parseWhois } from "../../../src/tailnet/whois.ts";
import { anyJsonLike, anyText } from "./texts.ts";

const NODE = {
  ID: "n1",
  HostName: "pve1",
  DNSName: "pve1.tail1.ts.net.",
  TailscaleIPs: ["100.64.0.1", "fd7a::1"],
  Tags: ["tag:tailmox"],
  Online: true,
  Active: true,
  CurAddr: "",
  Relay: "fra",
};
const STATUS = {
  Version: "1.102.3",
  TUN: true,
  BackendState: "Running",
  AuthURL: "",
  Self: { ...NODE, CapMap: { https: null, "service-host": [{ "svc:tailmox": ["100.100.0.1"] }] } },
  CertDomains: ["pve1.tail1.ts.net"],
  Peer: { "nodekey:1": NODE },
  Health: ["x"],
};
const SERVE = {
  TCP: { "443": { HTTPS: true } },
  Web: { "pve1.tail1.ts.net:443": { Handlers: { "/": { Proxy: WEB_TARGET } } } },
};
const SERVICES = {
  Services: {
    "svc:tailmox": {
      TCP: { "443": { HTTPS: true } },
      Web: { "tailmox.tail1.ts.net:443": { Handlers: { "/": { Proxy: WEB_TARGET } } } },
    },
  },
};
const NAME = { service: "svc:tailmox", dnsName: "tailmox.tail1.ts.net" };
const RUNS = { numRuns: 500 };

test("tailscale status --json, however damaged, is a whole status or none", () => {
  fc.assert(
    fc.property(fc.oneof(anyJsonLike(STATUS), anyText(JSON.stringify(STATUS))), (text) => {
      const status = parseStatus(text);
      if (!status) return;
      expect(typeof status.state).toBe("string");
      for (const node of [status.self, ...status.peers]) {
        expect(node.address ?? "1.2.3.4").toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(Array.isArray(node.tags)).toBe(true);
      }
      withTag(status.peers, "tag:tailmox");
      approvedAddresses(status.capabilities, "svc:tailmox");
    }),
    RUNS,
  );
});

test("settings of serve, however damaged, are the web page's only with nothing else at its name", () => {
  fc.assert(
    fc.property(
      fc.oneof(anyJsonLike(SERVE), anyJsonLike(SERVICES), anyText(JSON.stringify(SERVE))),
      (text) => {
        const kind = readPort443(text, "pve1.tail1.ts.net")?.kind;
        if (kind === "web page") expect(text).toContain("8006");
        readServicePort(text, NAME);
        servicesWithWebPage(text, "pve1.tail1.ts.net");
      },
    ),
    RUNS,
  );
});

test("the client's other answers are read without a fault", () => {
  const prefs = {
    RouteAll: true,
    NetfilterMode: 2,
    AutoUpdate: { Apply: null },
    AdvertiseServices: ["svc:x"],
  };
  const whois = {
    Node: { ...NODE, Addresses: ["100.64.0.1/32"] },
    UserProfile: { LoginName: "tagged-devices" },
  };
  const pong = "pong from pve2 (100.64.0.2) via DERP(fra) in 143ms\n";
  const refusal = "requires mentioning all\n\ttailscale up --ssh --operator='o p'\n";
  fc.assert(
    fc.property(
      fc.oneof(anyJsonLike(prefs), anyJsonLike(whois), anyText(JSON.stringify(prefs), pong, refusal)),
      (text) => {
        parsePrefs(text);
        parseWhois(text);
        readLoginAnswer(1, text);
        for (const { ms } of parsePongs(text)) expect(Number.isFinite(ms)).toBe(true);
        for (const flag of unmentionedFlags(text, ["--ssh"])) expect(flag).toStartWith("--");
      },
    ),
    RUNS,
  );
});
