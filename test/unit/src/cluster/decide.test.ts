import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decide } from "../../../../src/cluster/decide.ts";
import type { OwnHost } from "../../../../src/cluster/facts.ts";
import { cluster, here, member, own, pair, peer, standalone } from "./facts.ts";

test("two clusters stop a join, until one is named", () => {
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
