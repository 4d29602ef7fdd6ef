import { describe, expect, test } from "bun:test";
import { armGuard } from "../../../../src/guard/arm.ts";
import { openGate } from "../../../../src/host/gate.ts";
import { type Host, openHost, type Reader } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import type { Talk } from "../../../../src/up/talk.ts";
import { verifyMember } from "../../../../src/up/verify.ts";
import { writtenEverywhere } from "../../../../src/up/written-everywhere.ts";
import { type FakeHost, fakeHost } from "./fake-host.ts";
import { known } from "./known-peer.ts";
import { silentTalk } from "./options.ts";

const IDS = [1, 2, 3];
const node = (id: number) =>
  `  node {\n    name: pve${id}\n    nodeid: ${id}\n    ring0_addr: 100.64.0.${id}\n    quorum_votes: 1\n  }\n`;
const FILES = {
  "/etc/pve/.members": JSON.stringify({
    nodename: "pve3",
    version: 3,
    cluster: { name: "tailmox", version: 3, nodes: 3, quorate: 1 },
    nodelist: Object.fromEntries(IDS.map((id) => [`pve${id}`, { id, online: 1, ip: `100.64.0.${id}` }])),
  }),
  "/etc/pve/corosync.conf": `nodelist {\n${IDS.map(node).join("")}}\ntotem {\n  cluster_name: tailmox\n}\n`,
};
const STATUS = `Quorate:          Yes
Expected votes:   3
Total votes:      3
Membership information
----------------------
    Nodeid      Votes Name
0x00000001          1 100.64.0.1
0x00000002          1 100.64.0.2
0x00000003          1 100.64.0.3 (local)
`;

const open = ({ transport }: FakeHost) => openHost(transport, openGate(noJournal), noJournal);

/** Another member, which sees in /etc/pve what stands there here. */
function sees(here: FakeHost, name: string): Host {
  const transport = { ...fakeHost({}, {}).transport, name, text: here.transport.text };
  return openHost(transport, openGate(noJournal), noJournal);
}

/** What verify shows. */
function heard(): { lines: string[]; talk: Talk } {
  const lines: string[] = [];
  const talk = {
    ...silentTalk,
    phase: () => ({ ...silentTalk.phase("", ""), ok: (words: string) => lines.push(words) }),
    note: (...words: readonly string[]) => lines.push(...words),
  };
  return { lines, talk };
}

describe("verify", () => {
  test("has a file that is written here read on the members that a shell reaches, and removes it", async () => {
    const here = fakeHost(FILES, { "pvecm status": STATUS });
    const met = [
      known("pve1", "100.64.0.1"),
      known("pve2", "100.64.0.2", { contact: { ...known("", "").contact, shell: sees(here, "pve2") } }),
    ];
    const { lines, talk } = heard();
    const spec = { node: "pve3", address: "100.64.0.3", known: met, changed: true };
    expect(await verifyMember(open(here), spec, talk)).toMatchObject({ quorate: true });
    expect(lines[0]).toMatch(
      /^quorate, 3 of 3 votes, .*, a file written here was read on pve2 after 0\.\d\d s$/,
    );
    expect(lines[1]).toBe("Ring: pve1 (1, 20 ms) -> pve2 (2, 20 ms) -> pve3 (3, here)");
    expect(here.changes.map((change) => change.split("-verify-")[0])).toEqual([
      "write /etc/pve/tailmox",
      "remove /etc/pve/tailmox",
    ]);
  });

  test("writes nothing where nothing was changed", async () => {
    const here = fakeHost(FILES, { "pvecm status": STATUS });
    const shell = sees(here, "pve1");
    const met = [known("pve1", "100.64.0.1", { contact: { ...known("", "").contact, shell } })];
    const spec = { node: "pve3", address: "100.64.0.3", known: met, changed: false };
    await verifyMember(open(here), spec, silentTalk);
    expect(here.changes).toEqual([]);
  });

  test("that fails tells of a guard that is still armed, and when it fires", async () => {
    const here = fakeHost(FILES, {
      "pvecm status": STATUS,
      "sqlite3 ": "ok\n",
      find: `${"a".repeat(64)}  /etc/pve/storage.cfg\n`,
    });
    await armGuard(here.transport, {
      ...{ node: "pve3", cluster: "tailmox", unit: "tailmox-join-7" },
      ...{ joinTimeoutMs: 120_000, program: ["/root/tailmox"] },
    });
    const spec = { node: "pve3", address: "100.64.0.9", known: [], changed: false };
    const error: unknown = await verifyMember(open(here), spec, silentTalk).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "E_VERIFY_FAILED",
      message: expect.stringMatching(
        /the guard is still armed: at \d\d:\d\d:\d\d it puts this host back, unless/,
      ),
    });
  }, 15_000);
});

test("a member that does not see the file is told apart from one that cannot be asked", async () => {
  const here = fakeHost({}, {});
  const blind: Reader = { ...sees(here, "pve1"), text: async () => "" };
  const silent: Reader = {
    ...sees(here, "pve2"),
    text: () => Promise.reject(new Error("ssh ended with 255")),
  };
  const found = await writtenEverywhere(open(here), "pve3", [blind, silent, sees(here, "pve4")], 250);
  expect(found).toMatchObject({ readOn: ["pve4"], missingOn: ["pve1"], unknown: ["pve2"] });
  expect(here.changes.at(-1)).toStartWith("remove /etc/pve/tailmox-verify-pve3-");
});
