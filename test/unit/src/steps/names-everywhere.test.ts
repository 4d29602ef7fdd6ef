import { expect, test } from "bun:test";
import { editHosts } from "../../../../src/cluster/hosts-file.ts";
import { namesOfAll } from "../../../../src/cluster/names-of-all.ts";
import { closedGate, openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { namesEverywhere, whoLacksNames } from "../../../../src/steps/names-everywhere.ts";
import { fakeHost } from "../up/fake-host.ts";

const block = (...lines: string[]) =>
  [
    "# BEGIN tailmox: addresses in the tailnet. tailmox rewrites these lines.",
    ...lines,
    "# END tailmox",
    "",
  ].join("\n");
const node = (id: number) =>
  `  node {\n    name: pve${id}\n    nodeid: ${id}\n    ring0_addr: 100.64.0.${id}\n  }\n`;
const CONF = `nodelist {\n${[1, 2, 3, 4].map(node).join("")}}\ntotem {\n  cluster_name: tailmox\n}\n`;
const own = {
  "/etc/pve/.members": '{"nodename": "pve4", "version": 1}',
  "/etc/pve/corosync.conf": CONF,
  "/etc/hosts": block("100.64.0.4 pve4.ts.net pve4", "100.64.0.1 pve1"),
};

test("after a join every member that is reached knows all names, and the lock is given back", async () => {
  const here = fakeHost(own, { "pvecm status": "" });
  const founder = fakeHost({ "/etc/hosts": block("100.64.0.1 pve1.ts.net pve1") }, {});
  const byHand = fakeHost({ "/etc/hosts": "192.168.1.3 pve3\n" }, {});
  const open = ({ transport }: typeof here) => openHost(transport, openGate(noJournal), noJournal);
  let released = 0;
  const step = namesEverywhere({
    ...{ node: "pve4", dnsName: "pve4.ts.net", address: "100.64.0.4" },
    reach: async ({ name }) => {
      if (name === "pve2") return "ssh as root: no answer";
      return open(name === "pve1" ? founder : byHand);
    },
    turn: {
      release: async () => {
        released += 1;
      },
    },
  });
  const result = await step.do(open(here), () => undefined);
  expect(result).toBe(
    "2 of 3 members know all names; not pve2 (ssh as root: no answer): tailmox up there writes them",
  );
  expect(released).toBe(1);
  expect(await here.transport.text("/etc/hosts")).toBe(
    block("100.64.0.4 pve4.ts.net pve4", "100.64.0.1 pve1", "100.64.0.2 pve2", "100.64.0.3 pve3"),
  );
  expect(await founder.transport.text("/etc/hosts")).toBe(
    block("100.64.0.1 pve1.ts.net pve1", "100.64.0.2 pve2", "100.64.0.3 pve3", "100.64.0.4 pve4"),
  );
  // What it publishes of itself is not changed from here.
  expect(await byHand.transport.text("/etc/hosts")).toBe(
    `192.168.1.3 pve3\n${block("100.64.0.1 pve1", "100.64.0.2 pve2", "100.64.0.4 pve4")}`,
  );
  const changes = [...here.changes, ...founder.changes, ...byHand.changes].join("\n");
  expect(changes.match(/write \/var\/lib\/tailmox\/backups\/hosts-/g)).toHaveLength(3);
  expect(changes).not.toContain("pve-cluster");
});

test("of the other members those lack names that are online, were asked, and do not have them all", async () => {
  const member = (id: number) => ({ name: `pve${id}`, id, link0: `100.64.0.${id}`, online: id !== 5 });
  const members = [1, 2, 3, 4, 5].map((id) => ({ ...member(id), votes: 1, published: undefined }));
  const all = namesOfAll({ name: "pve1", address: "100.64.0.1", dnsName: "pve1.ts.net" }, members);
  const hosts = new Map([
    ["pve1", editHosts("", all)],
    ["pve2", block("100.64.0.2 pve2")],
    ["pve5", ""],
  ]);
  const asked: string[] = [];
  const lacking = await whoLacksNames("pve4", members, async ({ name }) => {
    asked.push(name);
    const text = hosts.get(name);
    if (text === undefined) return "ssh as root: no answer";
    return openHost(fakeHost({ "/etc/hosts": text }, {}).transport, closedGate, noJournal);
  });
  expect(lacking).toEqual(["pve2"]);
  expect(asked).toEqual(["pve1", "pve2", "pve3"]);
});
