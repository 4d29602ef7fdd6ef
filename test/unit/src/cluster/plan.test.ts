import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Decision } from "../../../../src/cluster/decide.ts";
import type { Cluster, Member, Peer } from "../../../../src/cluster/facts.ts";
import { editHosts } from "../../../../src/cluster/hosts-file.ts";
import { editTemplate } from "../../../../src/cluster/hosts-template.ts";
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
      hostsTemplate: fc.oneof(fc.constant("127.0.1.1 {{fqdn}} {{hostname}}\n"), fc.string()),
      publishedAddress: fc.constantFrom(undefined, "192.168.1.12", "100.64.0.2"),
      corosyncAfterTailscaled: fc.boolean(),
      lacksKey: fc.boolean(),
      lacksTimers: fc.boolean(),
      namesLackedBy: fc.subarray(["pve1"]),
    });
    const decisions = fc.constantFrom<Decision>(create, join, { ...join, leaves: own }, settled);
    fc.assert(
      fc.property(anyFacts, decisions, fc.nat(9), (before, decision, done) => {
        const world = { facts: before, decision };
        const after = plan(world).reduce(apply, world);
        expect(after.decision.kind).toBe("already member");
        expect(plan(after)).toEqual([]);
        // Broken off anywhere, a second run ends where the first would have.
        const half = plan(world).slice(0, done).reduce(apply, world);
        expect(plan(half).reduce(apply, half)).toEqual(after);
      }),
    );
  });

  test("a member's own block is mended, and pve-cluster not restarted", () => {
    const steps = planCluster({ ...facts, corosyncAfterTailscaled: true }, settled, "tailmox");
    expect(steps.map(({ kind }) => kind)).toEqual(["hosts file"]);
    expect(steps[0]).toMatchObject({ entries: [{ name: "pve2" }, { name: "pve1", address: "100.64.0.1" }] });
  });

  test("a provisional cluster is dissolved before anything else of a join", () => {
    const steps = planCluster(facts, { ...join, leaves: own }, "tailmox");
    expect(steps.map(({ kind }) => kind)).toEqual([
      "corosync order",
      "dissolve",
      "hosts file",
      "publish address",
      "arm guard",
      "join",
      "names everywhere",
    ]);
  });
});

interface World {
  readonly facts: PlanFacts;
  readonly decision: Decision;
}

function plan(world: World): ClusterStep[] {
  return planCluster(world.facts, world.decision, "tailmox");
}

/** What a step does to the facts that a plan is made of, and to what the next run decides from them. */
function apply(world: World, step: ClusterStep): World {
  const { facts, decision } = world;
  const withFacts = (more: Partial<PlanFacts>) => ({ ...world, facts: { ...facts, ...more } });
  switch (step.kind) {
    case "corosync order":
      return withFacts({ corosyncAfterTailscaled: true });
    case "hosts file":
    case "hosts template":
      return step.kind === "hosts file"
        ? withFacts({ hostsText: editHosts(facts.hostsText, step.entries) })
        : withFacts({ hostsTemplate: editTemplate(facts.hostsTemplate ?? "", step.entries) });
    case "publish address":
      return withFacts({ publishedAddress: step.address });
    case "founders key":
      return withFacts({ lacksKey: false });
    case "founders timers":
      return withFacts({ lacksTimers: false });
    case "create":
      return {
        ...withFacts({ lacksKey: false, lacksTimers: false, namesLackedBy: [] }),
        decision: { kind: "already member", cluster: own },
      };
    case "dissolve":
      return decision.kind === "join" ? { ...world, decision: join } : world;
    case "join":
      return {
        ...withFacts({ lacksKey: false, lacksTimers: false, namesLackedBy: ["pve1"] }),
        decision: settled,
      };
    case "names everywhere":
      return withFacts({ namesLackedBy: [] });
    case "arm guard":
      return world;
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
const join: Extract<Decision, { kind: "join" }> = { kind: "join", cluster, through };
const self: Member = {
  name: "pve2",
  id: 2,
  link0: "100.64.0.2",
  votes: 1,
  published: "100.64.0.2",
  online: true,
};
const own: Cluster = { ...cluster, members: [self], provisional: true };
const settled: Decision = {
  kind: "already member",
  cluster: { ...cluster, members: [...cluster.members, self] },
};
