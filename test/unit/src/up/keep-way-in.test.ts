import { describe, expect, test } from "bun:test";
import type { Decision } from "../../../../src/cluster/decide.ts";
import type { Peer } from "../../../../src/cluster/facts.ts";
import { closedGate } from "../../../../src/host/gate.ts";
import { type Host, openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import type { KnownPeer } from "../../../../src/up/ask-peers.ts";
import { unanswered } from "../../../../src/up/contact.ts";
import { assertWayIn } from "../../../../src/up/keep-way-in.ts";
import { fakeHost } from "./fake-host.ts";
import { known } from "./known-peer.ts";

const CLUSTER_FW = "/etc/pve/firewall/cluster.fw";
const ON = "[OPTIONS]\nenable: 1\n";
const MANAGED = `${ON}[IPSET management]\n192.168.1.0/24\n203.0.113.7\n`;
const ADDRESSES = JSON.stringify([
  { ifname: "vmbr0", addr_info: [{ family: "inet", local: "192.168.1.11", prefixlen: 24 }] },
  { ifname: "eno2", addr_info: [{ family: "inet", local: "198.51.100.2", prefixlen: 24 }] },
  { ifname: "tailscale0", addr_info: [{ family: "inet", local: "100.64.0.1", prefixlen: 32 }] },
]);
const STATUS = JSON.stringify({ Version: "1", BackendState: "Running", Self: {} });

const CREATE: Decision = { kind: "create", why: "it is the first", alone: false, without: [] };

function host(files: Record<string, string>): Host {
  const { transport } = fakeHost(files, {
    "ip -json address show": ADDRESSES,
    "ip -json route get": JSON.stringify([{ prefsrc: "198.51.100.2", dev: "eno2" }]),
    who: "root pts/0 2026-11-23 08:48 (203.0.113.7)\n",
    "tailscale status": STATUS,
    "tailscale debug": '{"NetfilterMode":2}',
  });
  return openHost(transport, closedGate, noJournal);
}

async function stopped(
  own: Record<string, string>,
  decision: Decision = CREATE,
  peers: readonly KnownPeer[] = [],
  resolvesTo: readonly string[] = ["192.168.1.11"],
): Promise<string | undefined> {
  return assertWayIn(host(own), { node: "pve1", resolvesTo }, decision, peers).then(
    () => undefined,
    (error: unknown) => String(error),
  );
}

describe("before the node's name becomes its tailnet address", () => {
  test("a firewall that is off stops nothing, whatever it would say", async () => {
    expect(await stopped({})).toBeUndefined();
    expect(await stopped({ [CLUSTER_FW]: MANAGED.replace("enable: 1", "enable: 0") })).toBeUndefined();
  });

  test("one that would shut out the LAN or who is logged in stops a create, and names them", async () => {
    const error = await stopped({ [CLUSTER_FW]: ON });
    expect(error).toContain("this host's LAN (192.168.1.0/24), who is logged in here (203.0.113.7)");
    expect(await stopped({ [CLUSTER_FW]: MANAGED })).toBeUndefined();
    const off = { [CLUSTER_FW]: ON, "/etc/pve/nodes/pve1/host.fw": "[OPTIONS]\nenable: 0\n" };
    expect(await stopped(off)).toBeUndefined();
  });

  test("the LAN of a host whose name leads to the tailnet already is the one that leads out", async () => {
    const error = await stopped({ [CLUSTER_FW]: ON }, CREATE, [], ["100.64.0.1"]);
    expect(error).toContain("198.51.100.0/24");
  });

  test("a join is held against the cluster's configuration, and not this host's own", async () => {
    const join = (file: string) => {
      const member = known("pve2", "100.64.0.2", {
        contact: { ...unanswered(), shell: host({ [CLUSTER_FW]: file }) },
      });
      return { decision: joinThrough(member.peer), peers: [member] };
    };
    const shut = join(ON);
    expect(await stopped({}, shut.decision, shut.peers)).toContain("would shut out this host's LAN");
    const open = join(MANAGED);
    expect(await stopped({ [CLUSTER_FW]: ON }, open.decision, open.peers)).toBeUndefined();
  });

  test("a member's names do not change, so nothing is looked at", async () => {
    const cluster = {
      name: "c",
      quorate: true,
      expectedVotes: 1,
      presentVotes: 1,
      members: [],
      qdevice: false,
    };
    expect(await stopped({ [CLUSTER_FW]: ON }, { kind: "already member", cluster })).toBeUndefined();
  });
});

function joinThrough(through: Peer): Decision {
  const cluster = {
    name: "c",
    quorate: true,
    expectedVotes: 1,
    presentVotes: 1,
    members: [],
    qdevice: false,
  };
  return { kind: "join", cluster, through };
}
