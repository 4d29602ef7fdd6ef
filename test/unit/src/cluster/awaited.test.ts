import { expect, test } from "bun:test";
import { awaitedBy } from "../../../../src/cluster/awaited.ts";
import type { Refusal } from "../../../../src/cluster/decide.ts";
import type { Cluster, Peer, Verdict } from "../../../../src/cluster/facts.ts";

const peer = (verdict: Verdict): Peer => ({
  ...{ name: "pve1", address: "100.64.0.1", verdict, rttMs: 20, way: undefined },
  ...{ obstacles: [], unproven: [], warnings: [] },
});
const busy = peer({ kind: "unknown", tried: ["API: TCP 8006 does not answer"] });
const wrong = peer({ kind: "unknown", tried: ["API: the password of root was refused"], lasting: true });
const cluster: Cluster = {
  ...{ name: "tailmox", quorate: false, expectedVotes: 2, presentVotes: 1, qdevice: false },
  members: [{ name: "pve1", id: 1, link0: "100.64.0.1", votes: 1, published: undefined, online: true }],
};
const refused = (refusal: Refusal) => awaitedBy({ kind: "refused", refusal });

test("the founder is waited for, and a join that is under way", () => {
  const founder = { name: "pve1", address: "100.64.0.1" };
  expect(awaitedBy({ kind: "not founder", founder, why: "", dissent: [] })).toMatchObject({
    kind: "founder",
  });
  expect(refused({ why: "cluster not whole", cluster })).toMatchObject({
    kind: "join",
    addresses: ["100.64.0.1"],
  });
});

test("a cluster whose only member does not count itself is about to start", () => {
  const starting = { ...cluster, expectedVotes: 1, presentVotes: 0 };
  expect(refused({ why: "cluster not whole", cluster: starting })).toEqual({
    kind: "unsettled",
    names: ["pve1"],
    addresses: ["100.64.0.1"],
  });
});

test("somebody has to let this host in, where a password may not lead in a moment later", () => {
  const member = peer({ kind: "member", cluster });
  expect(refused({ why: "no shell", peer: member })).toEqual({
    kind: "admission",
    addresses: ["100.64.0.1"],
  });
  expect(refused({ why: "no shell", peer: { ...member, mayOpen: true } })).toMatchObject({
    kind: "admission",
    first: { kind: "unsettled", names: ["pve1"] },
  });
});

test("a peer that may be in the middle of a change is asked again, but not after a wrong password", () => {
  expect(refused({ why: "peers unknown", peers: [busy] })).toMatchObject({
    kind: "unsettled",
    names: ["pve1"],
  });
  expect(refused({ why: "peers unknown", peers: [wrong] })).toMatchObject({ kind: "admission" });
  expect(refused({ why: "peers unreachable", peers: [busy] })).toMatchObject({ kind: "unsettled" });
});

test("a peer that is switched off is not waited for, and one that falls silent is tried once more", () => {
  const online = { check: "online", code: "E_PEER_UNREACHABLE", what: "", likely: "", mend: "" } as const;
  const off = { ...wrong, obstacles: [online] };
  const silent = { ...busy, obstacles: [online] };
  expect(refused({ why: "peers unknown", peers: [off, busy] })).toBeUndefined();
  expect(refused({ why: "peers unknown", peers: [silent] })).toMatchObject({ kind: "unsettled", once: true });
});

test("nothing else gets better by waiting", () => {
  expect(refused({ why: "qdevice", cluster })).toBeUndefined();
  expect(refused({ why: "several clusters", clusters: [] })).toBeUndefined();
  expect(awaitedBy({ kind: "already member", cluster })).toBeUndefined();
});
