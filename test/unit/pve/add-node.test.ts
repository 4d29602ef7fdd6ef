import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addNode } from "../../../lab/pve/cluster/add-node.ts";
import {
  formatCorosyncConf,
  nodesOf,
  parseCorosyncConf,
  type Section,
} from "../../../lab/pve/cluster/corosync-conf.ts";
import { newClusterConf } from "../../../lab/pve/cluster/create.ts";
import { deleteNode } from "../../../lab/pve/cluster/delete-node.ts";
import type { Params } from "../../../lab/pve/params/verify.ts";
import { type Fixture, hostFixture } from "../../contract/fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await hostFixture({ clustered: true });
});
afterAll(() => fixture.remove());

const file = () => join(fixture.node.root, "etc/pve/corosync.conf");
const read = async (): Promise<Section> => parseCorosyncConf(await readFile(file(), "utf8"));
async function start(
  params: Params = { link0: "100.64.0.1" },
  by: (text: string) => string = (text) => text,
) {
  const conf = newClusterConf(fixture.node, { clustername: "tailmox", ...params }, "100.64.0.1");
  await writeFile(file(), by(formatCorosyncConf(conf)));
}
const add = (params: Params) => addNode(fixture.node, { apiversion: 1, ...params });

describe("a member takes a new node in", () => {
  beforeEach(() => start());

  test("with the lowest free number, the next version, and what the joiner needs", async () => {
    const { corosync_authkey, corosync_conf, warnings } = await add({
      node: "pve2",
      link0: "address=100.64.0.2",
    });
    expect(nodesOf(await read()).pve2).toEqual({
      name: "pve2",
      nodeid: "2",
      quorum_votes: "1",
      ring0_addr: "100.64.0.2",
    });
    expect(corosync_conf).toContain("config_version: 2\n");
    expect(Buffer.from(corosync_authkey, "latin1")).toEqual(Buffer.alloc(256, 0xe9));
    expect(warnings).toEqual([]);
  });

  test("on its only link by the joiner's own address, when no link is given", async () => {
    await add({ node: "pve2", new_node_ip: "192.168.1.12" });
    expect(nodesOf(await read()).pve2?.ring0_addr).toBe("192.168.1.12");
  });

  test("without the key for votes of 0", async () => {
    await add({ node: "pve2", link0: "100.64.0.2", votes: 0 });
    expect(nodesOf(await read()).pve2).not.toHaveProperty("quorum_votes");
  });

  test("again by force alone, with the same number and votes", async () => {
    await add({ node: "pve2", link0: "100.64.0.2" });
    await expect(add({ node: "pve2", link0: "100.64.0.2" })).rejects.toThrow(
      "can't add existing node 'pve2'",
    );
    await expect(add({ node: "pve2", link0: "100.64.0.2", force: 1, nodeid: 9 })).rejects.toThrow(
      "can't add existing node",
    );
    await add({ node: "pve2", link0: "100.64.0.9", force: 1 });
    expect(nodesOf(await read()).pve2).toMatchObject({ nodeid: "2", ring0_addr: "100.64.0.9" });
  });

  test.each<[Params, string]>([
    [
      { link0: "100.64.0.1" },
      "corosync: address '100.64.0.1' already used on link ring0_addr by node 'pve1'",
    ],
    [
      { link0: "100.64.0.2", link1: "10.0.0.2" },
      "corosync: link 1 specified for new node doesn't exist in cluster config",
    ],
    [{}, "no links and no fallback ip (new_node_ip) given, cannot join cluster"],
    [
      { link0: "100.64.0.2", apiversion: -1 },
      "error: unsupported old API version on joining node (-1), cluster node has 1 and supports >= 0.",
    ],
  ])("but not %j", async (params, message) => {
    await expect(add({ node: "pve2", ...params })).rejects.toThrow(message);
    expect(await readFile(file(), "utf8")).toContain("config_version: 1\n");
  });

  test("but not without a link that the cluster has, and not by fallback when there are several", async () => {
    await start({ link0: "100.64.0.1", link1: "10.0.0.1" });
    await expect(add({ node: "pve2", link0: "100.64.0.2" })).rejects.toThrow(
      "corosync: link 1 exists in cluster config but wasn't specified for new node",
    );
    await expect(add({ node: "pve2", new_node_ip: "100.64.0.2" })).rejects.toThrow(
      "no links given but multiple links found on other nodes, fallback only supported on single-link clusters",
    );
  });

  test("but not when the file was edited into nonsense", async () => {
    await start(undefined, (text) => text.replace("ring0_addr", "ring1_addr"));
    const refused = add({ node: "pve2", link0: "100.64.0.2" });
    await expect(refused).rejects.toMatchObject({
      message: "invalid corosync.conf",
      errors: {
        errors:
          "node 'pve1' has 'ring1_addr', but there is no interface number 1 configured\nnode 'pve1' is missing address for interface number 0",
      },
    });
  });
});

describe("a member takes a node out", () => {
  beforeEach(() => start());

  test("and says its number; others and itself are refused", async () => {
    await add({ node: "pve2", link0: "100.64.0.2", nodeid: 20 });
    expect(await deleteNode(fixture.node, "pve2")).toBe("20");
    expect(Object.keys(nodesOf(await read()))).toEqual(["pve1"]);
    await expect(deleteNode(fixture.node, "pve2")).rejects.toThrow(
      "Node/IP: pve2 is not a known host of the cluster.",
    );
    await expect(deleteNode(fixture.node, "pve1")).rejects.toThrow("Cannot delete myself from cluster!");
  });
});
