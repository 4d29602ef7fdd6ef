import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatCorosyncConf,
  nodesOf,
  parseCorosyncConf,
  type Section,
  sectionAt,
  valueAt,
} from "../../../lab/pve/cluster/corosync-conf.ts";
import { newClusterConf } from "../../../lab/pve/cluster/create.ts";
import { RELEASES } from "../../../lab/pve/node/release.ts";

/** As proxmox.md 3 shows it, blank line at the end included. */
const CREATED = `logging {
  debug: off
  to_syslog: yes
}

nodelist {
  node {
    name: pve1
    nodeid: 1
    quorum_votes: 1
    ring0_addr: 100.64.0.1
  }
}

quorum {
  provider: corosync_votequorum
}

totem {
  cluster_name: tailmox
  config_version: 1
  interface {
    linknumber: 0
  }
  ip_version: ipv4-6
  link_mode: passive
  secauth: on
  token_coefficient: 125
  version: 2
}

`;

describe("corosync.conf", () => {
  test("is written by create as Proxmox VE 9 writes it", () => {
    const node = { name: "pve1", release: RELEASES.pve9 };
    const conf = newClusterConf(node, { clustername: "tailmox", link0: "100.64.0.1" }, "192.168.1.11");
    expect(formatCorosyncConf(conf)).toBe(CREATED);
  });

  test("has no token_coefficient on Proxmox VE 8, and the node's own address when no link is given", () => {
    const node = { name: "pve1", release: RELEASES.pve8 };
    const conf = newClusterConf(node, { clustername: "tailmox" }, "192.168.1.11");
    expect(valueAt(conf, "totem", "token_coefficient")).toBeUndefined();
    expect(nodesOf(conf).pve1?.ring0_addr).toBe("192.168.1.11");
  });

  test("keeps a priority that is not 0", () => {
    const node = { name: "pve1", release: RELEASES.pve9 };
    const links = { link0: "10.0.0.1,priority=20", link1: "10.1.0.1,priority=0" };
    const text = formatCorosyncConf(newClusterConf(node, { clustername: "c", ...links }, "10.0.0.1"));
    expect(text).toContain("    knet_link_priority: 20\n    linknumber: 0\n");
    expect(text.match(/knet_link_priority/g)).toHaveLength(1);
  });

  test("keeps hand-made settings and loses comments when it is written again", () => {
    const text = `# by hand
totem {
  version: 2   # two
  token: 10000
  token_retransmits_before_loss_const: 10
  interface {
    linknumber: 0
    knet_ping_interval: 500
  }
}`;
    expect(formatCorosyncConf(parseCorosyncConf(text))).toBe(`totem {
  interface {
    knet_ping_interval: 500
    linknumber: 0
  }
  token: 10000
  token_retransmits_before_loss_const: 10
  version: 2
}

`);
  });

  test("lists nodes by name, whatever their order was", () => {
    const text = "nodelist {\n node {\n name: b\n nodeid: 1\n }\n node {\n name: a\n nodeid: 2\n }\n}\n";
    expect(Object.keys(nodesOf(parseCorosyncConf(text)))).toEqual(["b", "a"]);
    expect(formatCorosyncConf(parseCorosyncConf(text))).toMatch(/name: a[\s\S]*name: b/);
  });

  test.each([
    ["totem {\n a: 1\n}\ntotem {\n b: 2\n}\n", "section 'totem' already exists and not marked as array!"],
    ["totem {\n version 2\n}\n", "missing ':' after key 'version'"],
    ["totem {\n version: 2\n", "missing '}'"],
    ["}\n", "unexpected '}'"],
  ])("%j is refused", (text, message) => {
    expect(() => parseCorosyncConf(text)).toThrow(message);
  });

  test("read and written again is the same, for any settings", () => {
    const key = fc
      .stringMatching(/^[a-z][a-z_0-9]{0,12}$/)
      .filter((name) => name !== "node" && name !== "interface");
    const value = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
    const section = fc.dictionary(key, value, { maxKeys: 6 });
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.oneof(value, section), { maxKeys: 6 }),
        fc.array(section, { maxLength: 5 }),
        (outer, nodes) => {
          const conf: Section = { ...outer };
          for (const [i, node] of nodes.entries())
            sectionAt(conf, "nodelist", "node")[`n${i}`] = { ...node, name: `n${i}` };
          if (typeof outer.nodelist === "string") return;
          const text = formatCorosyncConf(conf);
          expect(formatCorosyncConf(parseCorosyncConf(text))).toBe(text);
        },
      ),
      { numRuns: 200 },
    );
  });
});
