import { describe, expect, test } from "bun:test";
import { UserError } from "../../../../src/errors.ts";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { isFirewallOn } from "../../../../src/up/host-facts.ts";
import { lookAtOwnHost } from "../../../../src/up/own-host.ts";
import { assertOwnRisks } from "../../../../src/up/own-risks.ts";
import type { Risk } from "../../../../src/up/risks.ts";
import { type Answers, fakeHost } from "./fake-host.ts";
import { OPTIONS, silentTalk } from "./options.ts";

const FILES = {
  "/etc/os-release": 'VERSION_ID="13"\nVERSION_CODENAME=trixie\n',
  "/etc/pve/.members": '{"nodename": "PVE1", "version": 1}',
  "/etc/resolv.conf": "search lan\nnameserver 192.168.1.1\n",
};
const address = (device: string, local: string) => ({
  ifname: device,
  addr_info: [{ family: "inet", local }],
});
const ANSWERS: Answers = {
  pveversion: "pve-manager/9.1.2/9d436f37a0ac4172 (running kernel: 6.17.2-1-pve)\n",
  "uname -n": "PVE1\n",
  "getent ahosts": "192.168.1.20    STREAM PVE1\n192.168.1.20    DGRAM\n",
  "ip -json address": JSON.stringify([address("lo", "127.0.0.1"), address("vmbr0", "192.168.1.20")]),
  "ip -json route show": JSON.stringify([{ dst: "default", gateway: "192.168.1.1", dev: "vmbr0" }]),
  "ip -json neigh": JSON.stringify([{ dst: "192.168.1.1", lladdr: "bc:24:11:00:00:01" }]),
  "timedatectl show": "NTPSynchronized=yes\n",
  "df --output=avail": "      Avail\n9000000000\n",
  "tailscale status": { exitCode: null, stderr: "spawn tailscale ENOENT" },
  "tailscale debug": { exitCode: null, stderr: "spawn tailscale ENOENT" },
};
const ROUTER = {
  "/etc/pve/nodes/PVE1/qemu-server/100.conf":
    "name: opnsense\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0\n[old]\nnet0: virtio=BC:24:11:00:00:09,bridge=vmbr0\n",
};

async function look(files: Record<string, string> = {}, answers: Answers = {}) {
  const said: string[] = [];
  const talk = {
    ...silentTalk,
    phase: () => ({ ...silentTalk.phase("", ""), ok: (words: string) => said.push(words) }),
    note: (...lines: readonly string[]) => said.push(...lines),
  };
  const fake = fakeHost({ ...FILES, ...files }, { ...ANSWERS, ...answers });
  const own = await lookAtOwnHost(openHost(fake.transport, closedGate, noJournal), talk);
  expect(fake.changes).toEqual([]);
  const judge = (acceptRisks: readonly Risk[], more: Partial<typeof OPTIONS> = {}) => {
    try {
      assertOwnRisks(own, { ...OPTIONS, dryRun: false, acceptRisks, ...more }, talk);
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  };
  return { own, said, judge };
}

describe("this host", () => {
  test("keeps the upper case of its name, and is told in one line", async () => {
    const { own, said, judge } = await look();
    expect(said).toEqual([
      "PVE1 (192.168.1.20), Proxmox VE 9.1.2, Debian 13, no guests, not in a cluster, clock synchronised",
    ]);
    expect(own.facts).toMatchObject({ resolvesTo: ["192.168.1.20"], freeBytes: 9e9, providersNat: [] });
    expect(judge([])).toBeUndefined();
  });

  test("has its HA resources, Ceph, firewall and a clock that nobody keeps told", async () => {
    const files = {
      "/etc/pve/ha/resources.cfg": "vm: 100\n\tstate started\n",
      "/etc/pve/ceph.conf": "[global]\n",
      "/etc/pve/firewall/cluster.fw": "[OPTIONS]\n\nenable: 1\n",
    };
    const { said } = await look(files, { "timedatectl show": "NTPSynchronized=no\n" });
    expect(said.slice(1)).toEqual([
      'It has: HA: "100" (vm); Ceph; firewall on',
      expect.stringContaining("Nothing keeps this host's clock right"),
    ]);
  });

  test("whose tools say nothing is unknown, not wrong", async () => {
    const silent = {
      "timedatectl show": "",
      "df --output=avail": "",
      "ip -json address": "",
      "ip -json neigh": "",
    };
    const { own, judge } = await look({}, silent);
    expect(own.facts).toMatchObject({ clock: "unknown", freeBytes: undefined, providersNat: [] });
    expect(judge([])).toBeUndefined();
  });

  test("without room for copies is refused", async () => {
    const refused: unknown = await look({}, { "df --output=avail": "Avail\n20000000\n" }).catch(
      (error) => error,
    );
    expect(refused instanceof UserError && refused.code).toBe("E_DISK_FULL");
  });
});

describe("the risk cgnat", () => {
  const nat = { "ip -json address": JSON.stringify([address("eno1", "100.72.3.4")]) };

  test.each([
    ["an address", nat, "eno1 has the address 100.72.3.4"],
    ["a gateway", { "ip -json route show": '[{"gateway":"100.64.0.1"}]' }, "the gateway is 100.64.0.1"],
  ])(
    "is %s of the host's own network in 100.64.0.0/10, and wants its name said",
    async (_, answers, words) => {
      const { judge } = await look({}, answers);
      expect(judge([])).toMatchObject({ code: "E_RISK", likely: expect.stringContaining(words) });
      expect(judge(["router-guest"])?.mend).toContain("--accept-risk cgnat");
      expect(judge(["cgnat"])).toBeUndefined();
      expect(judge([], { dryRun: true })).toBeUndefined();
      expect(judge([], { staging: true })?.code).toBe("E_RISK");
    },
  );

  test("is a name server there, but not MagicDNS", async () => {
    const resolver = (server: string) => look({ "/etc/resolv.conf": `nameserver ${server}\n` });
    expect((await resolver("100.100.1.1")).judge([])?.code).toBe("E_RISK");
    expect((await resolver("100.100.100.100")).judge([])).toBeUndefined();
  });

  test("is none where tailscaled leaves the firewall alone, nor by the host's own tailnet address", async () => {
    const status = (CapMap: object) =>
      JSON.stringify({
        Version: "1.102.3",
        BackendState: "Running",
        Self: { DNSName: "pve1.ts.net.", TailscaleIPs: ["100.72.3.4"], CapMap },
      });
    const own = { "tailscale status": status({}), "tailscale debug": "{}" };
    expect((await look({}, { ...nat, ...own })).judge([])).toBeUndefined();
    const other = { ...own, "ip -json address": JSON.stringify([address("eno1", "100.72.9.9")]) };
    expect((await look({}, other)).judge([])?.code).toBe("E_RISK");
    const off = { ...other, "tailscale debug": '{"NetfilterMode": 0}' };
    expect((await look({}, off)).judge([])).toBeUndefined();
    const exempt = { ...other, "tailscale status": status({ "disable-linux-cgnat-drop-rule": null }) };
    expect((await look({}, exempt)).judge([])).toBeUndefined();
  });
});

describe("the risk router-guest", () => {
  test("is a gateway whose MAC is a guest's of this very host", async () => {
    const { judge, said } = await look(ROUTER);
    expect(judge([])).toMatchObject({
      code: "E_RISK",
      likely: expect.stringContaining(
        "the gateway and name server 192.168.1.1 is guest 100 (opnsense) of this host",
      ),
    });
    expect(said.join("\n")).not.toContain("opnsense");
    expect(judge(["router-guest"])).toBeUndefined();
    expect(said.join("\n")).toContain("is guest 100 (opnsense) of this host: guests do not start");
    expect(judge([], { staging: true })).toBeUndefined();
  });

  test("is not the MAC that a guest had in a snapshot, nor another machine's", async () => {
    const neighbour = (lladdr: string) => ({
      "ip -json neigh": JSON.stringify([{ dst: "192.168.1.1", lladdr }]),
    });
    expect((await look(ROUTER, neighbour("bc:24:11:00:00:09"))).judge([])).toBeUndefined();
    expect((await look(ROUTER, neighbour("02:00:00:00:00:01"))).judge([])).toBeUndefined();
  });

  test("is found for containers, too", async () => {
    const files = {
      "/etc/pve/nodes/PVE1/lxc/101.conf":
        "hostname: dns\nnet0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01\n",
    };
    expect((await look(files)).judge([])?.likely).toContain("guest 101 (dns)");
  });

  test("does not stop a member, which lives with it already", async () => {
    const { own, said } = await look({ ...ROUTER });
    const member = {
      name: "tailmox",
      quorate: true,
      expectedVotes: 1,
      presentVotes: 1,
      members: [],
      qdevice: false,
    };
    const talk = { ...silentTalk, note: (...lines: readonly string[]) => said.push(...lines) };
    const place = { kind: "member", cluster: member } as const;
    expect(() => assertOwnRisks({ ...own, place }, { ...OPTIONS, dryRun: false }, talk)).not.toThrow();
    expect(said.at(-1)).toContain("guests do not start");
  });
});

test("the datacenter's firewall is on by its own option alone", () => {
  expect(isFirewallOn("[OPTIONS]\n\npolicy_in: DROP\nenable: 1\n\n[RULES]\n")).toBe(true);
  expect(isFirewallOn("[OPTIONS]\nenable: 0\n[RULES]\nenable: 1\n")).toBe(false);
  expect(isFirewallOn("")).toBe(false);
});
