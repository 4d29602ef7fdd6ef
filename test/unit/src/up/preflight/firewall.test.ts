import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseFirewall } from "../../../../../src/proxmox/firewall.ts";
import { parseWho, readAdministrators } from "../../../../../src/up/preflight/administrator.ts";
import { shutOut } from "../../../../../src/up/preflight/firewall.ts";

const LAN = { who: "this host's LAN", from: "192.168.1.0/24" };
const ADMIN = { who: "who is logged in here", from: "203.0.113.7" };
const PEER = { who: "pve2", from: "100.64.0.2" };

function out(cluster: string, { host = "", tailscaleFirst = true } = {}) {
  const firewall = { cluster: parseFirewall(cluster), host: parseFirewall(host), tailscaleFirst };
  return shutOut(firewall, [LAN, ADMIN, PEER]).map(({ who }) => who);
}

const ON = "[OPTIONS]\nenable: 1\n";

describe("Proxmox's firewall", () => {
  test("shuts nobody out where it is off, for the datacenter or for this host, or lets all in", () => {
    expect(out("")).toEqual([]);
    expect(out("[OPTIONS]\nenable: 0\n")).toEqual([]);
    expect(out(ON, { host: "[OPTIONS]\nenable: 0\n" })).toEqual([]);
    expect(out(`${ON}policy_in: ACCEPT\n`)).toEqual([]);
  });

  test("shuts out the LAN and the administrator, and not the tailnet that Tailscale lets in before it", () => {
    expect(out(ON)).toEqual([LAN.who, ADMIN.who]);
  });

  test("lets in what the set management names: networks, addresses, aliases, with comments", () => {
    const set = `${ON}[ALIASES]\nlan 192.168.0.0/16 # all of it\n[IPSET management] # mine\ndc/LAN\n203.0.113.7\n`;
    expect(out(set)).toEqual([]);
    expect(out(`${ON}[ALIASES]\nlocal_network 192.168.1.0/24\n`)).toEqual([ADMIN.who]);
    expect(out(`${ON}[IPSET other]\n192.168.1.0/24\n`)).toEqual([LAN.who, ADMIN.who]);
  });

  test("shuts out what the set takes out again, and a LAN of which it names a part only", () => {
    const set = `${ON}[IPSET management]\n192.168.1.0/24\n203.0.113.0/24\n! 203.0.113.7\n`;
    expect(out(set)).toEqual([ADMIN.who]);
    expect(out(`${ON}[IPSET management]\n192.168.1.0/25\n203.0.113.7\n`)).toEqual([LAN.who]);
  });

  test("shuts out peers as well where its drops count for the tunnel", () => {
    const set = `${ON}[IPSET management]\n192.168.1.0/24\n203.0.113.7\n`;
    expect(out(set, { host: "[OPTIONS]\nnftables: 1\n" })).toEqual([PEER.who]);
    expect(out(set, { tailscaleFirst: false })).toEqual([PEER.who]);
    expect(out(`${set}100.64.0.0/10\n`, { tailscaleFirst: false })).toEqual([]);
  });

  test("of any text lets in nobody who is not named (property)", () => {
    const word = fc.constantFrom(
      "[OPTIONS]",
      "[IPSET management]",
      "[RULES]",
      "enable: 1",
      "lan",
      "!",
      "#",
      "10.0.0.0/8",
    );
    const text = fc.array(fc.oneof(word, fc.string())).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, (some) => {
        const { management } = parseFirewall(some);
        expect(management.every(({ bits }) => bits >= 0)).toBe(true);
        expect(out(`[IPSET management]\n10.0.0.0/8\n[RULES]\n${some.replaceAll("[", "(")}\n${ON}`)).toEqual([
          LAN.who,
          ADMIN.who,
        ]);
      }),
    );
  });
});

test("who is logged in is told by the session and by who, names of hosts left out", async () => {
  const who =
    "root     pts/0        2026-11-23 08:48 (203.0.113.7)\nroot     tty1         2026-11-23 08:00\n" +
    "root     pts/1        2026-11-23 08:48 (laptop.lan)\nroot     pts/2        2026-11-23 (fe80::1%vmbr0)\n";
  expect(parseWho(who)).toEqual(["203.0.113.7", "laptop.lan", "fe80::1"]);
  const reader = {
    run: async () => ({ argv: [], exitCode: 0, stdout: who, stderr: "", timedOut: false, durationMs: 1 }),
  };
  const found = await readAdministrators(reader, "198.51.100.4 50000 192.168.1.11 22");
  expect(found).toEqual(["198.51.100.4", "203.0.113.7", "fe80::1"]);
});
