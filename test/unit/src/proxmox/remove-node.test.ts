import { describe, expect, test } from "bun:test";
import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { removeNode, removeNodeByApi } from "../../../../src/proxmox/remove-node.ts";
import { fakeHost } from "../up/fake-host.ts";

const status = (quorate: "Yes" | "No", present: number, expected: number) =>
  `Quorate:          ${quorate}\nExpected votes:   ${expected}\nTotal votes:      ${present}\n`;

function member(pvecmStatus: string) {
  const fake = fakeHost({}, { "pvecm status": pvecmStatus });
  return { fake, host: openHost(fake.transport, openGate(noJournal), noJournal) };
}

describe("taking a host out of the node list", () => {
  test("of a quorate member is one command", async () => {
    const { fake, host } = member(status("Yes", 2, 3));
    await removeNode(host, "pve3");
    expect(fake.changes).toEqual(["run pvecm delnode pve3"]);
  });

  test("of a member alone at 1 of 2 votes lowers what it expects first", async () => {
    const { fake, host } = member(status("No", 1, 2));
    await removeNode(host, "pve2");
    expect(fake.changes).toEqual(["run pvecm expected 1", "run pvecm delnode pve2"]);
  });

  test("of a larger cluster without quorum is refused: another part of it may be quorate", async () => {
    const { fake, host } = member(status("No", 1, 3));
    expect(removeNode(host, "pve3")).rejects.toMatchObject({ code: "E_DELNODE" });
    await Bun.sleep(0);
    expect(fake.changes).toEqual([]);
  });

  test("by the API says what it cannot do when the member has no quorum", async () => {
    const { host } = member("");
    const session = {
      get: async () => [],
      delete: () => Promise.reject(new Error("DELETE: 500 cluster not ready - no quorum?")),
    };
    const error: unknown = await removeNodeByApi(host, session, { node: "pve2", member: "pve1" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "E_DELNODE", mend: expect.stringContaining("pvecm expected 1") });
  });

  test("is a change: a dry run does not let it pass", async () => {
    const fake = fakeHost({}, {});
    const closed = openHost(fake.transport, closedGate, noJournal);
    expect(removeNode(closed.other(fake.transport), "pve3")).rejects.toMatchObject({ code: "E_INTERNAL" });
    await Bun.sleep(0);
    expect(fake.changes).toEqual([]);
  });
});
