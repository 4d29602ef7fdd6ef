import { describe, expect, test } from "bun:test";
import type { Cluster } from "../../../../src/cluster/facts.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { joinTurn } from "../../../../src/up/join-turn.ts";
import { type FakeHost, fakeHost } from "./fake-host.ts";

const still = () => undefined;
const pair: Cluster = {
  ...{ name: "tailmox", quorate: true, expectedVotes: 2, presentVotes: 2, qdevice: false },
  members: [1, 2].map((id) => ({
    ...{ name: `pve${id}`, id, votes: 1, online: true },
    ...{ link0: `100.64.0.${id}`, published: `100.64.0.${id}` },
  })),
};
const HELD = {
  exitCode: 1,
  stderr: "Failed to start transient service unit: Unit tailmox-join-lock.service was already loaded",
};

/** A member on which another host holds the lock for so many tries. */
function memberHeldFor(tries: number): FakeHost {
  let left = tries;
  return fakeHost({}, { "systemctl show": "Description=pve9\n" }, (line) => {
    if (!line.startsWith("systemd-run")) return undefined;
    left -= 1;
    return left >= 0 ? HELD : undefined;
  });
}

function turnOn(fake: FakeHost, asked: Cluster | undefined = pair, waitMs = 0) {
  const shell = openHost(fake.transport, openGate(noJournal), noJournal);
  const ask = async () => asked;
  return joinTurn(
    "pve3",
    pair,
    [
      { name: "pve2", address: "100.64.0.2", ask },
      { name: "pve1", address: "100.64.0.1", shell, ask },
    ],
    { waitMs, settleMs: 0 },
  );
}

describe("one join at a time", () => {
  test("takes the lock on the member with the lowest node id, and gives it back", async () => {
    const fake = memberHeldFor(0);
    const turn = turnOn(fake);
    await turn.take(still);
    expect(fake.changes.join("\n")).toContain("--unit=tailmox-join-lock.service --description=pve3");
    await turn.release();
    expect(fake.changes).toContain("run systemctl stop tailmox-join-lock.service");
    const before = fake.changes.length;
    await turn.release();
    expect(fake.changes).toHaveLength(before);
  });

  test("names the host that holds it when the wait is over", async () => {
    const fake = memberHeldFor(9);
    const error: unknown = await turnOn(fake)
      .take(still)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "E_JOIN_LOCKED",
      message: expect.stringContaining("pve9 is joining"),
    });
    expect(fake.changes.join("\n")).not.toContain("systemctl stop");
  });

  test("waits for it, and says for whom", async () => {
    const said: string[] = [];
    const turn = turnOn(memberHeldFor(1), pair, 10_000);
    await turn.take((words) => said.push(words));
    expect(said).toEqual(["pve9 is joining, waiting for it"]);
    await turn.release();
  });

  test("a cluster that is not whole any more is not joined, and the lock is given back", async () => {
    const fake = memberHeldFor(0);
    const turn = turnOn(fake, { ...pair, expectedVotes: 3 });
    expect(turn.take(still)).rejects.toMatchObject({ code: "E_CLUSTER_NOT_WHOLE" });
    await Bun.sleep(1);
    expect(fake.changes).toContain("run systemctl stop tailmox-join-lock.service");
  });

  test("without root's ssh to that member there is no join, and nobody is asked", async () => {
    const ask = () => Promise.reject(new Error("asked"));
    const turn = joinTurn("pve3", pair, [{ name: "pve1", address: "100.64.0.1", ask }], { waitMs: 0 });
    expect(turn.take(still)).rejects.toMatchObject({ code: "E_NO_SHELL" });
  });

  test.each([
    ["is in no cluster any more", undefined],
    ["is in another one", { ...pair, name: "other" }],
  ])("a member that %s is not joined: the plan is made anew", async (_, asked) => {
    const fake = memberHeldFor(0);
    const shell = openHost(fake.transport, openGate(noJournal), noJournal);
    const known = [{ name: "pve1", address: "100.64.0.1", shell, ask: async () => asked }];
    const turn = joinTurn("pve3", pair, known, { waitMs: 0, settleMs: 0 });
    const error: unknown = await turn.take(still).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_CLUSTER_CHANGED" });
    expect(fake.changes).toContain("run systemctl stop tailmox-join-lock.service");
  });
});
