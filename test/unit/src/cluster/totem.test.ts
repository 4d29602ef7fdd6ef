import { describe, expect, test } from "bun:test";
import { parseSettingsFile } from "../../../../src/cluster/settings-file.ts";
import { PROXMOX_DEFAULTS, totemSettings, totemTimers } from "../../../../src/cluster/totem.ts";

describe("totem timers", () => {
  test.each([
    ["pve-9", [3000, 3125, 3375, 3625, 4000]],
    ["pve-8", [3000, 3650, 4950, 6250, 8200]],
  ] as const)("of %s grow with the number of hosts (corosync.md 4)", (version, tokens) => {
    const of = (hosts: number) => totemTimers(PROXMOX_DEFAULTS[version], hosts).tokenMs;
    expect([2, 3, 5, 7, 10].map(of)).toEqual([...tokens]);
  });

  test("are cut to whole ms as a running corosync shows them", () => {
    expect(totemTimers(PROXMOX_DEFAULTS["pve-8"], 3)).toEqual({
      tokenMs: 3650,
      retransmitMs: 869,
      holdMs: 685,
      consensusMs: 4380,
      pingIntervalMs: 912,
      pingTimeoutMs: 1825,
      pongCount: 2,
    });
  });

  test("follow explicit keys, and a token of 6000 as it was measured (corosync.md 9)", () => {
    const timers = totemTimers(totemSettings.parse({ token: 6000, token_coefficient: 125 }), 3);
    expect(timers).toMatchObject({
      tokenMs: 6125,
      consensusMs: 7350,
      retransmitMs: 1458,
      pingIntervalMs: 1531,
      pingTimeoutMs: 3062,
    });
    const explicit = totemTimers(
      totemSettings.parse({
        token: 10000,
        token_coefficient: 0,
        knet_ping_interval: 500,
        knet_ping_timeout: 8000,
        consensus: 13000,
      }),
      9,
    );
    expect(explicit).toMatchObject({
      tokenMs: 10000,
      consensusMs: 13000,
      pingIntervalMs: 500,
      pingTimeoutMs: 8000,
    });
  });
});

const CONF = `# made by hand
totem {
  cluster_name: lab   # and a comment
  token: 5000
  token_coefficient:125
  interface {
    linknumber: 0
    knet_ping_interval: 500
    knet_ping_timeout: 4000
  }
}
nodelist { 
  node {
    ring0_addr: 100.64.0.1
    nodeid: 1
  }
}
`;

describe("totem settings from a file", () => {
  test("are read from a corosync.conf with comments and unknown keys", () => {
    expect(parseSettingsFile(CONF, "corosync.conf")).toMatchObject({
      token: 5000,
      token_coefficient: 125,
      token_retransmits_before_loss_const: 4,
      knet_ping_interval: 500,
      knet_ping_timeout: 4000,
    });
  });

  test("are read from JSON, bare or as tune prints it", () => {
    const keys = { token: 8000, token_coefficient: 0 };
    for (const text of [keys, { totem: keys }, { schemaVersion: 1, ok: true, result: { totem: keys } }]) {
      expect(parseSettingsFile(JSON.stringify(text), "s.json")).toMatchObject(keys);
    }
  });

  test.each([
    [
      "a second link",
      CONF.replace("ring0_addr: 100.64.0.1", "ring0_addr: 100.64.0.1\n ring1_addr: 10.0.0.1"),
      "more than one link",
    ],
    ["half a pair of ping keys", CONF.replace("knet_ping_timeout: 4000", ""), "are a pair"],
    ["a word for a number", CONF.replace("5000", "long"), "token"],
    ["a missing brace", CONF.replace("nodelist {", "nodelist"), "brace"],
    ["another file", "hello: world\n", "no corosync.conf"],
    ["JSON without any key", "{}", "none of the keys"],
    ["broken JSON", "{", "does not parse"],
  ])("are refused with %s", (_, text, words) => {
    expect(() => parseSettingsFile(text, "f")).toThrow(words);
  });
});

test("a corosync.conf as Proxmox 8 writes it, without any of the keys, means corosync's defaults", () => {
  const conf =
    "totem {\n  cluster_name: two\n  config_version: 1\n  interface {\n    linknumber: 0\n  }\n}\n";
  expect(parseSettingsFile(conf, "corosync.conf")).toEqual(PROXMOX_DEFAULTS["pve-8"]);
});
