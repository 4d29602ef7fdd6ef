import { describe, expect, test } from "bun:test";
import { decide } from "../../../../src/cluster/decide.ts";
import { completeVerdicts } from "../../../../src/cluster/verdicts.ts";
import { cluster, here, member, own, pair, peer, SILENT, unknown } from "./facts.ts";

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
});
