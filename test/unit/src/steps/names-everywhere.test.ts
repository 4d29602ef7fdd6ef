import { expect, test } from "bun:test";
import { openGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { namesEverywhere } from "../../../../src/steps/names-everywhere.ts";
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
