import { describe, expect, test } from "bun:test";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import type { RendezvousAnswer } from "../../../../src/rendezvous/ask.ts";
import { askPeer, meet } from "../../../../src/up/ask-peers.ts";
import { parsePasswords } from "../../../../src/up/passwords.ts";
import type { FirstSight } from "../../../../src/up/preflight/sights.ts";
import { fakeHost } from "./fake-host.ts";
import { WELL } from "./known-peer.ts";
import { OPTIONS } from "./options.ts";

const NODE = { name: "pve2", address: "127.0.0.2" };
const NOBODY: RendezvousAnswer = { echoes: new Map() };
const ALONE: RendezvousAnswer = {
  ...NOBODY,
  facts: { node: "pve2", tailmox: "0.1.0", pve: "9.1.2", place: { kind: "standalone", guests: 0 } },
};
const CLUSTER: Cluster = {
  ...{ name: "tailmox", quorate: true, expectedVotes: 1, presentVotes: 1, qdevice: false },
  members: [{ name: "pve2", id: 1, link0: NODE.address, votes: 1, published: undefined, online: true }],
};

/** Asks through a host that notes its commands, with the password "right" for every peer where one is given. */
function asking(password = "") {
  const { transport, changes } = fakeHost({}, {});
  const host = openHost(transport, closedGate, noJournal);
  const options = { ...OPTIONS, passwords: parsePasswords(password) };
  return { ran: changes, how: { host, options, company: {}, names: [NODE.name] } };
}

function sight(more: Partial<FirstSight> = {}): FirstSight {
  return {
    isOpen: async () => true,
    told: Promise.resolve(undefined),
    rendezvous: Promise.resolve(NOBODY),
    ...more,
  };
}

describe("a peer that is still being tried", () => {
  test("and has told that it stands alone is not logged in to", async () => {
    const { ran, how } = asking("right");
    const contact = await meet(how, NODE, sight({ told: Promise.resolve(ALONE) }));
    expect(contact.verdict).toEqual({ kind: "standalone", guests: 0 });
    expect(ran).toEqual([]);
  });

  test("and tells so late is believed all the same", async () => {
    const { how } = asking();
    const contact = await meet(how, NODE, sight({ rendezvous: Promise.resolve(ALONE) }));
    expect(contact.verdict).toEqual({ kind: "standalone", guests: 0 });
  });

  test("may let this host in a moment later where a password is there, and not without", async () => {
    const place = { kind: "member", cluster: CLUSTER } as const;
    const facts = { node: "pve2", tailmox: "0.1.0", pve: "9.1.2", place };
    const told = Promise.resolve({ ...NOBODY, facts });
    const shut = sight({ told, rendezvous: told, isOpen: async () => false });
    expect(await meet(asking("right").how, NODE, shut)).toMatchObject({ verdict: place, mayOpen: true });
    expect((await meet(asking().how, NODE, shut)).mayOpen).not.toBe(true);
  });

  test("shows its host key once, for key and password", async () => {
    const { ran, how } = asking("right");
    const { verdict } = await meet(how, NODE, sight({ isOpen: async (port) => port === 22 }));
    expect(verdict).toMatchObject({
      kind: "unknown",
      tried: [
        "rendezvous: no tailmox up, check or admit runs there",
        "ssh: it presented no host key",
        "API: TCP 8006 does not answer",
      ],
    });
    expect(ran).toEqual(["run ssh-keyscan -T 5 -t ed25519 127.0.0.2"]);
  });

  test("and lets nobody in without a password is unknown until one is given", async () => {
    const { verdict } = await meet(asking().how, NODE, sight({ isOpen: async () => false }));
    expect(verdict).toMatchObject({ kind: "unknown", lasting: true });
  });
});

test("a peer that is off is asked by nobody, and asking again would not help", async () => {
  const { ran, how } = asking("right");
  const { peer } = await askPeer(how, NODE, { ...WELL, kind: "offline" }, NOBODY);
  expect(peer.verdict).toMatchObject({ kind: "unknown", lasting: true });
  expect(ran).toEqual([]);
});
