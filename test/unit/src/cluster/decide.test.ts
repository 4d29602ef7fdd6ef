import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decide } from "../../../../src/cluster/decide.ts";
import type { Cluster, Obstacle, OwnHost, Peer, Verdict } from "../../../../src/cluster/facts.ts";
import { completeVerdicts } from "../../../../src/cluster/verdicts.ts";

const standalone = (guests = 0): Verdict => ({ kind: "standalone", guests });
const unknown: Verdict = { kind: "unknown", tried: ["ssh as root: permission denied"] };

const SILENT: Obstacle = {
  check: "tcp 22",
  what: "TCP 22: silence for 4 s",
  likely: "the tailnet policy",
  mend: "tailmox policy check",
  code: "E_PEER_UNREACHABLE",
};

function own(node: string, address: string, guests = 0): OwnHost {
  return { node, address, place: { kind: "standalone", guests } };
}

function peer(name: string, address: string, verdict: Verdict, more: Partial<Peer> = {}): Peer {
  return {
    name,
    address,
    verdict,
    obstacles: [],
    unproven: [],
    warnings: [],
    rttMs: 50,
    way: "api",
    shell: true,
    ...more,
  };
}

function cluster(name: string, members: readonly [string, string][], more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    quorate: true,
    expectedVotes: members.length,
    presentVotes: members.length,
    qdevice: false,
    members: members.map(([node, link0], index) => ({
      name: node,
      id: index + 1,
      link0,
      votes: 1,
      published: link0,
      online: true,
    })),
    ...more,
  };
}

const pair = cluster("tailmox", [
  ["pve1", "100.64.0.1"],
  ["pve2", "100.64.0.2"],
]);
const member = (of: Cluster): Verdict => ({ kind: "member", cluster: of });
const here = own("pve3", "100.64.0.3");

describe("who founds the cluster", () => {
  test("the lowest tailnet address, compared as a number and not as text", () => {
    const host = own("pve9", "100.64.0.9");
    expect(decide(host, [peer("pve10", "100.64.0.10", standalone())], {}).kind).toBe("create");
    const other = decide(own("pve10", "100.64.0.10"), [peer("pve9", "100.64.0.9", standalone())], {});
    expect(other).toMatchObject({ kind: "not founder", founder: { name: "pve9" } });
  });

  test("the one host with guests, whatever its address", () => {
    const decision = decide(own("pve3", "100.64.0.3", 2), [peer("pve1", "100.64.0.1", standalone())], {});
    expect(decision.kind).toBe("create");
  });

  test("nobody, when two hosts have guests", () => {
    const decision = decide(own("pve3", "100.64.0.3", 2), [peer("pve1", "100.64.0.1", standalone(1))], {
      create: true,
    });
    expect(decision).toMatchObject({ refusal: { why: "several hosts with guests" } });
  });

  test("a host that insists, though another would be elected", () => {
    const peers = [peer("pve1", "100.64.0.1", standalone())];
    expect(decide(here, peers, { create: true })).toMatchObject({ kind: "create", alone: false });
  });

  test("nobody while one peer is unknown, and insisting does not help", () => {
    const peers = [peer("pve9", "100.64.0.9", standalone()), peer("pve8", "100.64.0.8", unknown)];
    for (const create of [true, false]) {
      expect(decide(here, peers, { create })).toMatchObject({ refusal: { why: "peers unknown" } });
    }
  });

  test("passes over an unknown peer, or one that no way leads to, only when it is named", () => {
    const peers = [
      peer("pve1", "100.64.0.1", unknown),
      peer("pve2", "100.64.0.2", standalone(), { obstacles: [SILENT] }),
    ];
    expect(decide(here, peers, { without: ["PVE1"] })).toMatchObject({
      refusal: { why: "peers unreachable" },
    });
    expect(decide(here, peers, { without: ["pve2"] })).toMatchObject({ refusal: { why: "peers unknown" } });
    const decision = decide(here, peers, { without: ["pve1", "100.64.0.2"] });
    expect(decision).toMatchObject({ kind: "create", alone: false, without: peers });
  });

  test("does not pass over a peer that answers: it elects, too", () => {
    const peers = [peer("pve1", "100.64.0.1", standalone())];
    expect(decide(here, peers, { without: ["pve1"] }).kind).toBe("not founder");
    expect(decide(here, peers, { without: ["pve7"] })).toMatchObject({ refusal: { why: "peer not found" } });
  });

  test("nobody while a peer that sees others would elect another one, unless this host insists", () => {
    const peers = [peer("pve4", "100.64.0.4", standalone(), { elects: "100.64.0.2" })];
    const refused = { why: "other founder", founder: { name: "pve3" }, dissent: peers };
    expect(decide(here, peers, {})).toMatchObject({ refusal: refused });
    expect(decide(here, peers, { create: true }).kind).toBe("create");
    const agreeing = [peer("pve4", "100.64.0.4", standalone(), { elects: "100.64.0.3" })];
    expect(decide(here, agreeing, {}).kind).toBe("create");
  });

  test("a host alone is told that it is", () => {
    expect(decide(here, [], {})).toMatchObject({ kind: "create", alone: true });
  });

  test("all hosts that see the same elect the same", () => {
    const hosts = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 250 }), fc.boolean()), {
      selector: ([number]) => number,
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(hosts, (all) => {
        const named = all.map(([number, guests]) => ({
          name: `pve${number}`,
          address: `100.64.0.${number}`,
          guests: guests ? 1 : 0,
        }));
        const decisions = named.map((host) =>
          decide(
            own(host.name, host.address, host.guests),
            named.filter((other) => other !== host).map((o) => peer(o.name, o.address, standalone(o.guests))),
            {},
          ),
        );
        const founders = decisions.filter(({ kind }) => kind === "create").length;
        expect(founders).toBe(named.filter(({ guests }) => guests > 0).length > 1 ? 0 : 1);
      }),
    );
  });
});

describe("joining", () => {
  test("goes through the nearest member that lets this host in", () => {
    const peers = [
      peer("pve1", "100.64.0.1", member(pair), { rttMs: 20, way: undefined }),
      peer("pve2", "100.64.0.2", member(pair), { rttMs: 90 }),
    ];
    expect(decide(here, peers, {})).toMatchObject({ kind: "join", through: { name: "pve2" } });
  });

  test("a member that did not answer itself, but stands in the other's node list, counts as answered", () => {
    const peers = completeVerdicts([
      peer("pve1", "100.64.0.1", member(pair)),
      peer("pve2", "100.64.0.2", unknown, { way: undefined }),
    ]);
    expect(decide(here, peers, {})).toMatchObject({ kind: "join", through: { name: "pve1" } });
  });

  test("an unknown host that is no member does not stop it", () => {
    const one = cluster("tailmox", [["pve1", "100.64.0.1"]]);
    const peers = [peer("pve1", "100.64.0.1", member(one)), peer("pve7", "100.64.0.7", unknown)];
    expect(decide(here, peers, {}).kind).toBe("join");
  });

  test.each([
    ["not quorate", { quorate: false }, "cluster not whole"],
    ["short of a vote", { presentVotes: 1 }, "cluster not whole"],
    ["with a qdevice", { qdevice: true }, "qdevice"],
  ])("is refused to a cluster %s", (_, more, why) => {
    const peers = [
      peer("pve1", "100.64.0.1", member({ ...pair, ...more })),
      peer("pve2", "100.64.0.2", member({ ...pair, ...more })),
    ];
    expect(decide(here, peers, {})).toMatchObject({ kind: "refused", refusal: { why } });
  });

  test("is refused to a host with guests, to a taken name, and past an unreachable member", () => {
    const peers = [peer("pve1", "100.64.0.1", member(pair)), peer("pve2", "100.64.0.2", member(pair))];
    expect(decide(own("pve3", "100.64.0.3", 1), peers, {})).toMatchObject({ refusal: { why: "own guests" } });
    expect(decide(own("PVE1", "100.64.0.3"), peers, {})).toMatchObject({ refusal: { why: "name taken" } });
    const cut = [
      peer("pve1", "100.64.0.1", member(pair)),
      peer("pve2", "100.64.0.2", member(pair), { obstacles: [SILENT] }),
    ];
    expect(decide(here, cut, {})).toMatchObject({ refusal: { why: "peers unreachable" } });
  });

  test("begins with the own entry that an undone join left, whatever the votes are", () => {
    const left = cluster(
      "tailmox",
      [
        ["pve1", "100.64.0.1"],
        ["PVE3", "100.64.0.3"],
      ],
      { quorate: false, presentVotes: 1 },
    );
    const peers = [peer("pve1", "100.64.0.1", member(left))];
    expect(decide(here, peers, {})).toMatchObject({ kind: "own entry", through: { name: "pve1" } });
    // The same name at another address is another host.
    expect(decide(own("pve3", "100.64.0.9"), peers, {})).toMatchObject({ refusal: { why: "name taken" } });
    const nobody = [peer("pve1", "100.64.0.1", member(left), { way: undefined })];
    expect(decide(here, nobody, {})).toMatchObject({ refusal: { why: "peers unknown" } });
  });

  test("is refused to a host with Ceph, which may found a cluster all the same", () => {
    const ceph = { ...here, ceph: true };
    expect(
      decide(ceph, [peer("pve1", "100.64.0.1", member(pair)), peer("pve2", "100.64.0.2", member(pair))], {}),
    ).toMatchObject({ refusal: { why: "ceph" } });
    expect(decide(ceph, [], {}).kind).toBe("create");
  });

  test("is refused to a cluster whose links run outside the tailnet", () => {
    const lan = cluster("home", [
      ["pve1", "192.168.1.11"],
      ["pve2", "192.168.1.12"],
    ]);
    const decision = decide(here, [peer("pve1", "100.64.0.1", member(lan))], {});
    expect(decision).toMatchObject({
      refusal: { why: "lan cluster", links: ["192.168.1.11", "192.168.1.12"] },
    });
  });

  test("is refused past a member that is hidden, and to a cluster with a second link", () => {
    const seen = [peer("pve1", "100.64.0.1", member(pair))];
    expect(decide(here, seen, {})).toMatchObject({
      refusal: { why: "link0 elsewhere", links: ["100.64.0.2"] },
    });
    const two = member({ ...pair, links: 2 });
    const peers = [peer("pve1", "100.64.0.1", two), peer("pve2", "100.64.0.2", two)];
    expect(decide(here, peers, {})).toMatchObject({ refusal: { why: "more links", links: 2 } });
  });

  test("is refused without a shell on the member with the lowest node id, whatever lets this host in", () => {
    const [lowest, other] = [
      peer("pve1", "100.64.0.1", member(pair), { shell: false, noShell: "ssh as root: Permission denied" }),
      peer("pve2", "100.64.0.2", member(pair), { way: "ssh" }),
    ];
    expect(decide(here, [lowest, other], {})).toMatchObject({ refusal: { why: "no shell", peer: lowest } });
  });

  test("goes through a member with a shell rather than a nearer one without", () => {
    const peers = [
      peer("pve1", "100.64.0.1", member(pair), { rttMs: 90 }),
      peer("pve2", "100.64.0.2", member(pair), { rttMs: 20, shell: false }),
    ];
    expect(decide(here, peers, {})).toMatchObject({ kind: "join", through: { name: "pve1" } });
  });

  test("two clusters stop it, until one is named", () => {
    const other = cluster("tailmox", [["pve7", "100.64.0.7"]]);
    const peers = [
      peer("pve1", "100.64.0.1", member(pair)),
      peer("pve2", "100.64.0.2", member(pair)),
      peer("pve7", "100.64.0.7", member(other)),
    ];
    expect(decide(here, peers, {})).toMatchObject({ refusal: { why: "several clusters" } });
    expect(decide(here, peers, { join: "pve7" })).toMatchObject({ kind: "join", through: { name: "pve7" } });
    expect(decide(here, peers, { join: "pve5" })).toMatchObject({ refusal: { why: "peer not found" } });
  });

  test("a member has nothing to do, but is not moved to another cluster", () => {
    const settled: OwnHost = {
      node: "pve2",
      address: "100.64.0.2",
      place: { kind: "member", cluster: pair },
    };
    expect(decide(settled, [], {}).kind).toBe("already member");
    const other = cluster("else", [["pve7", "100.64.0.7"]]);
    const decision = decide(settled, [peer("pve7", "100.64.0.7", member(other))], { join: "pve7" });
    expect(decision).toMatchObject({ refusal: { why: "other cluster" } });
  });

  test.each([
    ["enrolled anew", "100.64.0.9", "address changed"],
    ["of a cluster on a LAN", "192.168.1.12", "own lan cluster"],
  ])("a member %s is told, before anything else", (_, listed, why) => {
    const other = cluster("tailmox", [["PVE2", listed]]);
    const settled: OwnHost = { ...own("pve2", "100.64.0.2"), place: { kind: "member", cluster: other } };
    expect(decide(settled, [], {})).toMatchObject({ refusal: { why } });
  });
});

describe("a provisional cluster of one", () => {
  const lone = (name: string, address: string, provisional = true) =>
    cluster("tailmox", [[name, address]], { provisional });
  const at = (address: string, provisional = true): OwnHost => ({
    ...own("pve5", address),
    place: { kind: "member", cluster: lone("pve5", address, provisional) },
  });
  const firm = peer("pve9", "100.64.0.9", member(lone("pve9", "100.64.0.9", false)));

  test("gives way to any other cluster", () => {
    const decision = decide(at("100.64.0.5"), [firm], {});
    expect(decision).toMatchObject({ kind: "join", through: { name: "pve9" }, leaves: { name: "tailmox" } });
    expect(decide(at("100.64.0.5", false), [firm], {}).kind).toBe("already member");
  });

  test("of two, the one with the higher address gives way, and joiners wait for no word", () => {
    const [low, high] = ["100.64.0.4", "100.64.0.10"].map((address, index) =>
      peer(`pve${index}`, address, member(lone(`pve${index}`, address))),
    );
    if (!low || !high) throw new Error("two peers");
    expect(decide(at("100.64.0.5"), [high], {}).kind).toBe("already member");
    expect(decide(at("100.64.0.5"), [low], {})).toMatchObject({ kind: "join", through: low });
    expect(decide(here, [high, low], {})).toMatchObject({ kind: "join", through: low });
  });

  test("stays when nobody else has a cluster, and is not moved to one that cannot be joined", () => {
    expect(decide(at("100.64.0.5"), [peer("pve9", "100.64.0.9", standalone())], {}).kind).toBe(
      "already member",
    );
    const [one] = [peer("pve9", "100.64.0.9", member(lone("pve9", "100.64.0.9", false)), { shell: false })];
    expect(decide(at("100.64.0.5"), [one], {})).toMatchObject({ refusal: { why: "no shell" } });
  });

  test("goes where --join says, which one that is older does not", () => {
    const high = peer("pve9", "100.64.0.9", member(lone("pve9", "100.64.0.9")));
    expect(decide(at("100.64.0.5"), [high], { join: "pve9" })).toMatchObject({ kind: "join", through: high });
    const refused = decide(at("100.64.0.5", false), [high], { join: "pve9" });
    expect(refused).toMatchObject({ refusal: { why: "other cluster" } });
  });

  test("however many there are, all but one give way, and all to the same", () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(numbers, (all) => {
        const hosts = all.map((number) => ({ name: `pve${number}`, address: `100.64.0.${number}` }));
        const targets = hosts.map((host) => {
          const place = member(lone(host.name, host.address));
          if (place.kind === "unknown") throw new Error("a member");
          const others = hosts.filter((other) => other !== host);
          const peers = others.map((o) => peer(o.name, o.address, member(lone(o.name, o.address))));
          const decision = decide({ node: host.name, address: host.address, place }, peers, {});
          return decision.kind === "join" ? decision.through.name : "stays";
        });
        const lowest = `pve${Math.min(...all)}`;
        expect(targets.filter((target) => target === "stays")).toHaveLength(1);
        expect(targets.filter((target) => target === lowest)).toHaveLength(all.length - 1);
      }),
    );
  });
});
