import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Decision } from "../../../../src/cluster/decide.ts";
import type { Cluster, Peer } from "../../../../src/cluster/facts.ts";
import { editHosts } from "../../../../src/cluster/hosts-file.ts";
import { type ClusterStep, type PlanFacts, planCluster } from "../../../../src/cluster/plan.ts";

const facts: PlanFacts = {
  node: "pve2",
  dnsName: "pve2.ts.net",
  address: "100.64.0.2",
  hostsText: "127.0.0.1 localhost\n192.168.1.12 pve2.lan pve2\n",
  publishedAddress: "192.168.1.12",
  corosyncAfterTailscaled: false,
};
const create: Decision = {
  kind: "create",
  why: "it has the lowest tailnet address",
  alone: false,
  without: [],
};

describe("cluster plan", () => {
  test("a stock host that founds: order, names, address with a new certificate, create", () => {
    const steps = planCluster(facts, create, "tailmox");
    expect(steps.map(({ kind }) => kind)).toEqual([
      "corosync order",
      "hosts file",
      "publish address",
      "create",
    ]);
    expect(steps[2]).toMatchObject({ renewCertificate: true });
  });

  test("a joiner gets no certificate of its own, and learns the members' names", () => {
    const steps = planCluster(facts, join, "tailmox");
    expect(steps[2]).toMatchObject({ kind: "publish address", renewCertificate: false });
    expect(steps[1]).toMatchObject({ entries: [{ name: "pve2" }, { name: "pve1", address: "100.64.0.1" }] });
  });

  test("right names that pmxcfs has not read yet are published without an edit", () => {
    const edited = editHosts(facts.hostsText, [
      { address: facts.address, name: "pve2", dnsName: facts.dnsName },
    ]);
    const steps = planCluster({ ...facts, hostsText: edited }, create, "tailmox");
    expect(steps.map(({ kind }) => kind)).toEqual(["corosync order", "publish address", "create"]);
  });

  test("a host that must not be changed gets no plan", () => {
    const wait: Decision = {
      kind: "not founder",
      founder: { name: "pve1", address: "100.64.0.1" },
      why: "",
      dissent: [],
    };
    expect(planCluster(facts, wait, "tailmox")).toEqual([]);
  });

  test("planning again after success is empty, for any facts", () => {
    const anyFacts = fc.record({
      node: fc.constant("pve2"),
      dnsName: fc.constant("pve2.ts.net"),
      address: fc.constant("100.64.0.2"),
      hostsText: fc.oneof(fc.constant(facts.hostsText), fc.constant(""), fc.string()),
      publishedAddress: fc.constantFrom(undefined, "192.168.1.12", "100.64.0.2"),
      corosyncAfterTailscaled: fc.boolean(),
    });
    fc.assert(
      fc.property(anyFacts, fc.constantFrom<Decision>(create, join), (before, decision) => {
        const steps = planCluster(before, decision, "tailmox");
        const after = steps.reduce(apply, before);
        expect(planCluster(after, { kind: "already member", cluster }, "tailmox")).toEqual([]);
        // Broken off before the last step, only that one is left.
        const resumed = planCluster(steps.slice(0, -1).reduce(apply, before), decision, "tailmox");
        expect(resumed.map(({ kind }) => kind)).toEqual(
          decision.kind === "join" ? ["arm guard", "join"] : ["create"],
        );
      }),
    );
  });
});

/** What a step does to the facts that a plan is made of. */
function apply(before: PlanFacts, step: ClusterStep): PlanFacts {
  switch (step.kind) {
    case "corosync order":
      return { ...before, corosyncAfterTailscaled: true };
    case "hosts file":
      return { ...before, hostsText: editHosts(before.hostsText, step.entries) };
    case "publish address":
      return { ...before, publishedAddress: step.address };
    case "create":
    case "arm guard":
    case "join":
      return before;
  }
}

const cluster: Cluster = {
  name: "tailmox",
  quorate: true,
  expectedVotes: 1,
  presentVotes: 1,
  qdevice: false,
  members: [{ name: "pve1", id: 1, link0: "100.64.0.1", votes: 1, published: "100.64.0.1", online: true }],
};
const through: Peer = {
  name: "pve1",
  address: "100.64.0.1",
  verdict: { kind: "member", cluster },
  obstacles: [],
  unproven: [],
  warnings: [],
  rttMs: 20,
  way: "ssh",
};
const join: Decision = { kind: "join", cluster, through };
